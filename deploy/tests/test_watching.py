"""Alert rules, dashboard and traces, against promtool and a running system."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.rpc import MAIL_SECRET
from deploy.local import Tradehall
from deploy.local.settings import ROOT
from embedded import Process, Program, free_port, temporary_folder
from kit.tests.collector import Collector, Seen
from testing import plain_http
from testing.driver import SystemDriver, UserDriver, address
from testing.waiting import wait_until

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "tradehall.json"
MAY_BE_EMPTY = ("tradehall_dead_letters", 'status=~"')  # until a message fails, or a request
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
def test_every_alert_fires_on_its_condition_only() -> None:
    told = subprocess.run(
        ("promtool", "test", "rules", "alerts_test.yml"), cwd=PROMETHEUS, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr
    tested = re.findall(r"^    name: (\S+)", (PROMETHEUS / "alerts_test.yml").read_text(), re.MULTILINE)
    assert tested == [name for name, _ in alerts()]


def test_every_alert_is_documented_with_a_remedy() -> None:
    headings = re.findall(r"^### (.+)$", (ROOT / "docs" / "operations" / "alerts.md").read_text(), re.MULTILINE)
    assert [name for name, _ in alerts()] == [heading for heading in headings if heading.startswith("Tradehall")]
    for name, runbook in alerts():
        assert runbook == f"docs/operations/alerts.md#{name.lower()}"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector.running() as made:
        yield made


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    with temporary_folder() as folder:
        yield folder / "var"


@pytest.fixture(scope="module")
def system(var: Path, collector: Collector) -> Iterator[Tradehall]:
    """One that sends its traces to the collector."""
    environment = {**os.environ, "TRADEHALL_OTLP_ENDPOINT": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with Tradehall(var, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def prometheus(var: Path, system: Tradehall) -> Iterator[str]:
    """A Prometheus that has watched a running system for a while, by its address."""
    with temporary_folder() as folder:
        told = subprocess.run(
            (sys.executable, "-m", "deploy.cli", "scrape-targets"),
            env={**os.environ, "TRADEHALL_VAR": str(var)},
            capture_output=True,
            check=True,
        )
        (folder / "targets.json").write_bytes(told.stdout)
        shutil.copy(PROMETHEUS / "alerts.yml", folder)
        settings = (PROMETHEUS / "prometheus.yml").read_text().replace("15s", "1s")
        (folder / "prometheus.yml").write_text(settings)
        driver = SystemDriver(system.info)
        with _running(folder) as url:
            _something_of_each(driver.new_user())
            driver.http.get("/portal/")
            driver.close()
            yield url


def _something_of_each(person: UserDriver) -> None:
    """What leaves metrics that are there only once it has happened."""
    here = f"/organizations/{person.organization}"
    soon = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    client = person.api("POST", f"{here}/clients", json={"name": "robot", "scopes": []}).json()
    secret = {"name": "short", "expires_at": soon}
    assert person.api("POST", f"{here}/clients/{client['id']}/secrets", json=secret).status_code == 201
    platform = {"name": "Live", "kind": "mt5", "api": "mt5-webapi"}
    made = person.api("POST", f"{here}/platforms", json=platform).json()
    nobody = {"host": "127.0.0.1", "port": free_port(), "login": "1000", "password": "Nobody-is-there-1"}
    body = {"target": "api", "credentials": nobody}
    checked = person.api("POST", f"{here}/platforms/{made['id']}/checks", json=body)
    assert checked.json()["outcome"] == "port-closed", checked.text


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
        answer = plain_http.get(f"{url}/api/v1/query", params={"query": query})
    except httpx2.TransportError:
        return []
    if answer.status_code == 503:  # it still starts
        return []
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["data"]["result"]
    return found


@needs_promtool
def test_every_metric_of_the_dashboard_is_exported(prometheus: str) -> None:
    assert len(queries()) >= 25
    for query in queries():
        if not any(part in query for part in MAY_BE_EMPTY):
            wait_until(lambda q=query: asked(prometheus, q), 20, f"an answer to {query}")  # type: ignore[misc]


@needs_promtool
def test_expirations_and_stored_messages_are_measured(prometheus: str) -> None:
    for query in (
        'tradehall_ending{what="client-secret", within="7d"} == 1',
        'tradehall_first_end_timestamp_seconds{what="client-secret"} - time() < 5 * 86400 > 4 * 86400',
        'tradehall_stream_messages{stream="IDENTITY"} >= 2 and tradehall_stream_bytes > 500',
        "count(tradehall_consumer_pending_messages == 0) == 10",
        'tradehall_checks_total{target="api", outcome="port-closed"} == 1',
        'tradehall_sign_ins_total{result="signed-in"} >= 1',
        'tradehall_command_seconds_count{service="identity", outcome="stored"} >= 2',
    ):
        wait_until(lambda q=query: asked(prometheus, q), 25, query)  # type: ignore[misc]


@needs_promtool
def test_every_used_metric_is_declared(prometheus: str) -> None:
    targets = plain_http.get(f"{prometheus}/api/v1/targets").json()["data"]["activeTargets"]
    told = "".join(plain_http.get(target["scrapeUrl"]).text for target in targets)
    declared = set(re.findall(r"^# TYPE (\S+)", told, re.MULTILINE))
    groups = plain_http.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
    asked_by_rules = [rule["query"] for group in groups for rule in group["rules"]]
    assert len(asked_by_rules) == len(alerts())
    for query in [*queries(), *asked_by_rules]:
        for name in re.findall(r"(?:tradehall|process)_[a-z_]+", query):
            assert name in declared or re.sub("_(count|sum|bucket)$", "", name) in declared, name
    assert {alert["state"] for alert in plain_http.get(f"{prometheus}/api/v1/alerts").json()["data"]["alerts"]} <= {
        "pending"
    }


def test_one_trace_leads_from_a_registration_to_its_mail(system: Tradehall, collector: Collector) -> None:
    driver = SystemDriver(system.info)
    ada = address("ada")
    asked = driver.http.post("/api/v1/registrations", json={"email": ada}, headers={"X-Request-Id": "trace-me"})
    assert asked.status_code == 202
    mailed = driver.mail(ada).one_time_password

    def sent() -> Seen | None:
        """The mail, once all that it follows from has arrived."""
        mine = [span for span in collector.named("SMTP") if _request_of(collector, span) == "trace-me"]
        return mine[0] if mine and collector.named("publish NOTIFICATIONS", mine[0].trace) else None

    mail = wait_until(sent, 20, "the trace of the mail")
    assert isinstance(mail, Seen)
    assert [(span.service, span.name) for span in reversed(collector.above(mail))] == [
        ("identity", "POST /api/v1/registrations"),
        ("identity", "decide registration"),
        ("identity", "publish IDENTITY"),
        ("notifications", "process notifications-identity"),
        ("notifications", "command Notifications.request"),
        ("notifications", "mail"),
        ("notifications", "SMTP"),
    ]
    asked_for = MAIL_SECRET.subject
    for way in (
        [("identity", "POST /api/v1/registrations"), ("identity", "decide registration"), ("identity", "store events")],
        [("identity", "POST /api/v1/registrations"), ("identity", "decide registration"), ("identity", "commit")],
        [("notifications", "mail"), ("notifications", f"ask {asked_for}"), ("identity", f"answer {asked_for}")],
        [("notifications", "command Notifications._end"), ("notifications", "publish NOTIFICATIONS")],
    ):
        wait_until(lambda w=way: w in _ends(collector, mail.trace, len(w)), 10, f"{way}")  # type: ignore[misc]
    assert not any(span.failed for span in collector.spans if span.trace == mail.trace)
    for told in (ada, ada.partition("@")[0], mailed):
        assert told.encode() not in collector.raw


def test_a_journey_leaves_no_secret_and_no_path_in_any_span(system: Tradehall, collector: Collector) -> None:
    driver = SystemDriver(system.info)
    ada = driver.new_user("ada")
    organization = ada.organization
    renamed = ada.api("PATCH", f"/organizations/{organization}", json={"name": "Ada Brokerage of Bergen"})
    assert renamed.status_code == 200
    invited = ada.api(
        "POST", f"/organizations/{organization}/invitations", json={"email": address("bob"), "role": "viewer"}
    )
    assert invited.status_code == 201
    made = ada.api("POST", f"/organizations/{organization}/clients", json={"name": "robot", "scopes": []}).json()
    assert ada.sign_in("a wrong password").status_code == 422
    page = _in_the_portal(ada)
    assert ada.browser.get(f"/portal/organizations/{organization}/clients").status_code == 200

    def arrived() -> bool:
        from_the_portal = [span for span in collector.spans if span.service == "portal" and "{org}" in span.name]
        services = {
            span.service for portal in from_the_portal for span in collector.spans if span.trace == portal.trace
        }
        return {"portal", "organizations"} <= services and bool(collector.named("publish ORGANIZATIONS"))

    wait_until(arrived, 20, "the traces of the journey")
    secrets = [ada.email, ada.email.partition("@")[0], ada.password, ada.token, made["client_secret"], "bob-", "Bergen"]
    secrets += [
        *(value for value in ada.browser.cookies.values() if len(value) > 8),
        driver.mail(ada.email).one_time_password,
        organization,
        page,
        "a wrong password",
    ]
    for secret in secrets:
        assert secret.encode() not in collector.raw, secret
    for span in collector.spans:
        if span.kind == _SERVER and span.name.split()[0] in ("GET", "POST", "PATCH"):
            assert re.fullmatch(r"[A-Z]+ (/[a-z0-9_./:{}-]*|unmatched)", span.name), span.name


_SERVER = 2


def _request_of(collector: Collector, span: Seen) -> str | None:
    request = collector.above(span)[-1].attributes.get("tradehall.request_id")
    return request.string_value if request else None


def _ends(collector: Collector, trace: str, length: int) -> list[list[tuple[str, str]]]:
    """The last steps of the way to each span of a trace."""
    ways = [collector.above(span)[:length] for span in list(collector.spans) if span.trace == trace]
    return [[(span.service, span.name) for span in reversed(way)] for way in ways]


def _in_the_portal(person: UserDriver) -> str:
    """Signed in; the code in the address of the callback."""
    answer = person.browser.get("/portal/sign-in")
    assert answer.status_code == 200, answer.text
    (code,) = [hop.url.params["code"] for hop in answer.history if "code" in hop.url.params]
    return code
