"""Alert rules and dashboard, against promtool and against the metrics of a running system."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import Tradehall
from deploy.local.settings import ROOT
from embedded import Process, Program, free_port, temporary_folder
from embedded.fixtures import wait_until
from tests.driver import Hall

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "tradehall.json"
MAY_BE_EMPTY = ("tradehall_parked_messages", 'status=~"')  # until a message fails, or a request
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="the alert rules need promtool: install it (apt install prometheus)"
)


def alerts() -> list[tuple[str, str]]:
    """Each alert with its runbook."""
    text = (PROMETHEUS / "alerts.yml").read_text()
    return re.findall(r"- alert: (\S+)\n.*?runbook: (\S+)", text, re.DOTALL)


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@needs_promtool
def test_every_alert_fires_when_it_should_and_not_before() -> None:
    told = subprocess.run(
        ("promtool", "test", "rules", "alerts_test.yml"), cwd=PROMETHEUS, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr
    tested = re.findall(r"^    name: (\S+)", (PROMETHEUS / "alerts_test.yml").read_text(), re.MULTILINE)
    assert tested == [name for name, _ in alerts()]


def test_every_alert_has_an_entry_that_says_what_to_do() -> None:
    headings = re.findall(r"^### (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert [name for name, _ in alerts()] == [heading for heading in headings if heading.startswith("Tradehall")]
    for name, runbook in alerts():
        assert runbook == f"docs/operations.md#{name.lower()}"


@pytest.fixture(scope="module")
def prometheus() -> Iterator[str]:
    """A Prometheus that has watched a running system for a while, by its address."""
    with temporary_folder() as folder, Tradehall(folder / "var") as system:
        told = subprocess.run(
            (sys.executable, "-m", "deploy.cli", "scrape-targets"),
            env={**os.environ, "TRADEHALL_VAR": str(folder / "var")},
            capture_output=True,
            check=True,
        )
        (folder / "targets.json").write_bytes(told.stdout)
        shutil.copy(PROMETHEUS / "alerts.yml", folder)
        settings = (PROMETHEUS / "prometheus.yml").read_text().replace("15s", "1s")
        (folder / "prometheus.yml").write_text(settings)
        hall = Hall(system.info)
        with _running(folder) as url:
            hall.newcomer()
            hall.http.get("/portal/")
            hall.close()
            yield url


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    port = free_port()
    program = Program(
        argv=(
            str(shutil.which("prometheus")),
            *("--config.file", str(folder / "prometheus.yml"), "--storage.tsdb.path", str(folder / "tsdb")),
            f"--web.listen-address=127.0.0.1:{port}",
        ),
        log=folder / "prometheus.log",
    )
    process, url = Process(program), f"http://127.0.0.1:{port}"
    process.start()
    try:
        wait_until(lambda: len(asked(url, 'up{job="tradehall"} == 1')) == 5, 30, "all services are watched")
        yield url
    finally:
        process.stop()


def asked(url: str, query: str) -> list[Any]:
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query})
    except httpx.TransportError:
        return []
    if answer.status_code == 503:  # it still starts
        return []
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["data"]["result"]
    return found


@needs_promtool
def test_the_dashboard_asks_for_what_a_running_system_tells(prometheus: str) -> None:
    assert len(queries()) >= 10
    for query in queries():
        if not any(part in query for part in MAY_BE_EMPTY):
            wait_until(lambda q=query: asked(prometheus, q), 20, f"an answer to {query}")  # type: ignore[misc]


@needs_promtool
def test_every_metric_that_is_asked_for_is_one_that_services_declare(prometheus: str) -> None:
    targets = httpx.get(f"{prometheus}/api/v1/targets").json()["data"]["activeTargets"]
    told = "".join(httpx.get(target["scrapeUrl"]).text for target in targets)
    declared = set(re.findall(r"^# TYPE (\S+)", told, re.MULTILINE))
    groups = httpx.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    asked_by_rules = [rule["query"] for group in groups for rule in group["rules"]]
    assert len(asked_by_rules) == len(alerts())
    for query in [*queries(), *asked_by_rules]:
        for name in re.findall(r"(?:tradehall|process)_[a-z_]+", query):
            assert name in declared or re.sub("_(count|sum|bucket)$", "", name) in declared, name
    assert {alert["state"] for alert in httpx.get(f"{prometheus}/api/v1/alerts").json()["data"]["alerts"]} <= {
        "pending"
    }
