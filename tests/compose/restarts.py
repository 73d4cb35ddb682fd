"""Each container in turn: how it is confined, and that all goes on after its restart. Run by tests.compose alone."""

import httpx2
import pytest

from deploy.service_settings import SERVICES
from testing import plain_http
from testing.driver import SystemDriver, UserDriver, client_token
from testing.waiting import wait_until
from tests.compose import Composition
from tests.images import WITHOUT_STANDIN
from tests.journeys import healthy

OTHERS = ("caddy", "nats", "postgres", "mailpit", *sorted({"prometheus", "grafana"} - WITHOUT_STANDIN))
ALSO = {"portal": ["portal-client"], "identity": ["portal-client"], "notifications": ["smtp-password"]}
ACCOUNTS = {"postgres": "", "grafana": "472:0"}
"""PostgreSQL's image begins as root, and goes on as its own account."""


@pytest.mark.parametrize("name", [*SERVICES, *OTHERS])
def test_a_container_is_confined_and_sees_its_own_secrets_only(name: str, composition: Composition) -> None:
    container = composition.inspected(name)
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["Memory"]
    assert host["PidsLimit"]
    assert "Healthcheck" in container["Config"]
    assert container["Config"]["User"] == ACCOUNTS.get(name, "10001:10001")
    secrets = {
        mount["Destination"] for mount in container["Mounts"] if mount["Destination"].startswith("/run/secrets/")
    }
    if name in SERVICES:
        allowed = {f"{name}-dsn", f"{name}-master-key", f"{name}-nats", *ALSO.get(name, [])}
        assert secrets <= {f"/run/secrets/{each}" for each in allowed}
    assert not [one for one in container["Config"]["Env"] if "PASSWORD=" in one or "SECRET=" in one or "KEY=" in one]


def test_prometheus_sees_every_service_and_takes_the_rules(composition: Composition) -> None:
    def seen() -> bool:
        ask = ("promtool", "query", "instant", "http://127.0.0.1:9090", 'up{job="tradehall"} == 1')
        told = composition.run("exec", "-T", "prometheus", *ask)
        return all(f'service="{name}"' in told for name in SERVICES)

    wait_until(seen, 60, "every service seen by Prometheus")
    check = ("promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    assert "SUCCESS: 1 rule files found" in composition.run("exec", "-T", "prometheus", *check)


if "grafana" not in WITHOUT_STANDIN:

    def test_grafana_has_the_dashboard_and_reaches_prometheus(composition: Composition) -> None:
        address = f"http://127.0.0.1:{composition.environment['TRADEHALL_GRAFANA_PORT']}"
        password = (composition.secrets / "grafana-admin").read_text()
        with (
            plain_http.client(base_url=address) as stranger,
            plain_http.client(base_url=address, auth=("admin", password)) as us,
        ):
            wait_until(lambda: _answers(us, "/api/health"), 90, "Grafana")
            assert stranger.get("/api/search").status_code == 401
            assert stranger.get("/api/search", auth=("admin", "admin")).status_code == 401
            assert [found["uid"] for found in us.get("/api/search", params={"type": "dash-db"}).json()] == ["tradehall"]
            assert us.get("/api/datasources/uid/prometheus/health").json()["status"] == "OK"
            rules = us.get("/api/prometheus/prometheus/api/v1/rules").json()
            assert rules["data"]["groups"][0]["name"] == "tradehall"


def _answers(client: httpx2.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("name", [*SERVICES, *OTHERS])
def test_after_the_restart_of_a_container_all_goes_on(
    name: str, composition: Composition, driver: SystemDriver, ada: UserDriver
) -> None:
    organization = ada.organization
    composition.run("restart", "--timeout", "10", name)
    wait_until(lambda: healthy(driver.url), 90, f"the health of all services after a restart of {name}")
    assert ada.organization == organization, "what was stored is there, and her token is good"
    bob = driver.new_user("bob")
    assert bob.organization != organization
    made = bob.api("POST", f"/organizations/{bob.organization}/clients", json={"name": "robot", "scopes": []})
    assert made.status_code == 201, made.text
    token = client_token(driver, made.json()["client_id"], made.json()["client_secret"])
    assert token.status_code == 200, token.text
