"""What every package's tests share: fixtures on real servers, and no skips in continuous integration."""

import os
from collections.abc import Generator

import pytest

pytest_plugins = ["embedded.fixtures"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true everything is installed, so that a skip hides a missing install step: it fails."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be missing: {report.longrepr}"
    return report
