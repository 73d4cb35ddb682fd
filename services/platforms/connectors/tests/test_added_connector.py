"""A connector is its folder: one that is added is offered, checked and read without a change anywhere else."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from embedded.fixtures import wait_until
from embedded.nats import Nats
from embedded.postgres import Postgres
from platforms import connectors
from platforms.connections.connector import Connector
from platforms.connectors.tests.simulated import simulated
from platforms.platforms.tests.test_platforms_http import refused
from platforms.tests.running import Running

ADDED = str(Path(__file__).parent / "added")


@pytest.fixture(scope="module")
def sample() -> Iterator[Connector]:
    """The connector, as if its folder were one of `platforms/connectors`."""
    connectors.__path__.append(ADDED)
    connectors.installed.cache_clear()
    found = connectors.installed().api("mt5-sample")
    assert found is not None
    yield found
    connectors.__path__.remove(ADDED)
    connectors.installed.cache_clear()
    del sys.modules["platforms.connectors.sample_desk"]


@pytest.fixture(scope="module")
def running(postgres_server: Postgres, sample: Connector) -> Iterator[Running]:
    with Nats() as nats, Running(postgres_server.create_database("platforms_added"), nats.url) as service:
        yield service


@pytest.fixture(scope="module")
def values(sample: Connector) -> Iterator[Mapping[str, Any]]:
    with simulated(sample) as given:
        yield given


def test_its_credential_form_is_listed(running: Running) -> None:
    items = running.member().get("/api/v1/platform-connectors").json()["items"]
    (shown,) = (each for each in items if each["name"] == "mt5-sample")
    assert (shown["kind"], shown["target"], shown["capabilities"]) == ("mt5", "api", ["check", "read"])
    assert [(each["name"], each["type"], each["required"]) for each in shown["fields"]] == [
        ("host", "text", True),
        ("port", "number", True),
        ("user", "text", True),
        ("desk", "choice", False),
        ("password", "password", True),
    ]
    assert [choice["value"] for choice in shown["fields"][3]["choices"]] == ["retail", "prime"]


def test_it_is_in_the_openapi_document(running: Running) -> None:
    document = running.app.openapi()
    schemas = document["components"]["schemas"]
    assert "mt5-sample" in schemas["NewPlatform"]["properties"]["api"]["enum"]
    assert "desk" in schemas["SampleCredentials"]["properties"]
    path = document["paths"]["/api/v1/organizations/{org}/platforms/{platform}/api-credentials"]
    body = path["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert {each["$ref"].rpartition("/")[2] for each in body["anyOf"]} == {"ApiCredentials", "SampleCredentials"}


def test_it_is_checked_and_read(running: Running, values: Mapping[str, Any]) -> None:
    person = running.member()
    path = person.add(api="mt5-sample")
    wrong = {"target": "api", "credentials": {**values, "desk": "retail"}}
    assert person.post(f"{path}/checks", json=wrong).json()["outcome"] == "bad-credentials"
    known = person.put(f"{path}/api-credentials", json=dict(values)).json()
    assert (known["login"], known["tls"]) == ("ada", "off")
    wait_until(lambda: person.get(path).json()["status"]["state"] == "ok")
    assert person.post(f"{path}/checks", json={"target": "api"}).json()["outcome"] == "ok"
    first = person.get(f"{path}/accounts?limit=2").json()
    rest = person.get(f"{path}/accounts?limit=2&cursor={first['next_cursor']}").json()
    assert [each["login"] for each in first["items"] + rest["items"]] == [7001, 7002, 7003]
    assert person.get(f"{path}/accounts/7002").json()["currency"] == "EUR"
    refused(person.get(f"{path}/deals"), 409, "not-offered-by-source")


@pytest.mark.parametrize(
    ("change", "field"), [({"desk": "other"}, "desk"), ({"login": 1}, "login"), ({"host": ""}, "host")]
)
def test_a_wrong_value_of_its_form_is_named(
    running: Running, values: Mapping[str, Any], change: dict[str, Any], field: str
) -> None:
    person = running.member()
    path = person.add(api="mt5-sample")
    answer = person.put(f"{path}/api-credentials", json={**values, **change})
    refused(answer, 422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    answer = person.post(f"{path}/checks", json={"target": "api", "credentials": {**values, **change}})
    refused(answer, 422, "invalid")
    assert answer.json()["errors"][0]["field"].endswith(f"credentials.{field}")
