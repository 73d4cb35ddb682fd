"""What every package's tests share: fixtures on real servers, and no skips in continuous integration."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

pytest_plugins = ["testing.fixtures"]
_MEMORY, _ROOM = Path("/dev/shm"), 8 * 1024**3  # noqa: S108 - bytes; the folders made there have names of their own


def pytest_configure() -> None:
    """Servers keep what they write in memory where there is room: each of the databases is hundreds of small files."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true everything is installed, so that a skip hides a missing install step: it fails."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be missing: {report.longrepr}"
    return report
