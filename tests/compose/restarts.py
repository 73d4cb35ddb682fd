"""Each container in turn: how it is confined, and that all goes on after its restart. Run by tests.compose alone."""

import os

import pytest

from deploy.local.services import SERVICES
from embedded.fixtures import wait_until
from tests.compose import Composition
from tests.driver import Hall, Person, client_token
from tests.journeys import healthy

OTHERS = ("caddy", "nats", "postgres", "mailpit")


@pytest.fixture(scope="module")
def composition() -> Composition:
    return Composition(dict(os.environ))


@pytest.fixture(scope="module")
def ada(hall: Hall) -> Person:
    """Somebody from before every restart."""
    return hall.newcomer("ada")


@pytest.mark.parametrize("name", [*SERVICES, *OTHERS])
def test_a_container_is_confined_and_sees_its_own_secrets_only(name: str, composition: Composition) -> None:
    container = composition.inspected(name)
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["Memory"]
    assert host["PidsLimit"]
    assert "Healthcheck" in container["Config"]
    # PostgreSQL's image begins as root, and goes on as its own account.
    assert container["Config"]["User"] == ("10001:10001" if name != "postgres" else "")
    secrets = {
        mount["Destination"] for mount in container["Mounts"] if mount["Destination"].startswith("/run/secrets/")
    }
    if name in SERVICES:
        allowed = {f"{name}-dsn", f"{name}-master-key", f"{name}-nats", "portal-client"}
        assert secrets <= {f"/run/secrets/{each}" for each in allowed}
    assert not [one for one in container["Config"]["Env"] if "PASSWORD=" in one or "SECRET=" in one or "KEY=" in one]


@pytest.mark.parametrize("name", [*SERVICES, *OTHERS])
def test_after_the_restart_of_a_container_all_goes_on(
    name: str, composition: Composition, hall: Hall, ada: Person
) -> None:
    organization = ada.organization
    composition.run("restart", "--timeout", "10", name)
    wait_until(lambda: healthy(hall.url), 90, f"the health of all services after a restart of {name}")
    assert ada.organization == organization, "what was stored is there, and her token is good"
    bob = hall.newcomer("bob")
    assert bob.organization != organization
    made = bob.api("POST", f"/organizations/{bob.organization}/clients", json={"name": "robot", "scopes": []})
    assert made.status_code == 201, made.text
    token = client_token(hall, made.json()["client_id"], made.json()["client_secret"])
    assert token.status_code == 200, token.text
