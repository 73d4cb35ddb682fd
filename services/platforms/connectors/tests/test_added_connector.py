"""A connector is its folder: one that is added is offered, checked and read without a change anywhere else."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from embedded.nats import Nats
from embedded.ports import free_port
from platforms import connectors, simulators
from platforms.connections.connector import Connector
from platforms.connectors.tests.simulated import must_be_checked_and_read, simulated
from platforms.platforms.tests.test_platforms_http import refused
from platforms.service import PlatformsService
from platforms.tests.running_service import RunningPlatforms
from testing.servers import Databases
from testing.waiting import wait_until

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
    for name in ("sample_desk", "sample_kind", "sample_tables"):
        del sys.modules[f"platforms.connectors.{name}"]


@pytest.fixture(scope="module")
def running(databases: Databases, sample: Connector) -> Iterator[RunningPlatforms]:
    with Nats() as nats, RunningPlatforms(databases.of(PlatformsService), nats.url) as service:
        yield service


@pytest.fixture(scope="module")
def values(sample: Connector) -> Iterator[Mapping[str, Any]]:
    with simulated(sample) as given:
        yield given


def test_the_credential_form_of_an_added_connector_is_listed(running: RunningPlatforms) -> None:
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


def test_an_added_connector_is_in_the_openapi_document(running: RunningPlatforms) -> None:
    document = running.app.openapi()
    schemas = document["components"]["schemas"]
    assert "mt5-sample" in schemas["PlatformCreation"]["properties"]["api"]["enum"]
    fields = schemas["SampleCredentials"]["properties"]
    assert "desk" in fields
    assert all(field["examples"] for field in fields.values())
    path = document["paths"]["/api/v1/organizations/{org}/platforms/{platform}/api-credentials"]
    body = path["put"]["requestBody"]["content"]["application/json"]["schema"]
    forms = [each["$ref"].rpartition("/")[2] for each in body["anyOf"]]
    assert "SampleCredentials" in forms
    assert forms[0] == "ApiCredentials", "the example of the document is that of the usual connector"


def test_an_added_connector_is_checked_and_read(running: RunningPlatforms, values: Mapping[str, Any]) -> None:
    person = running.member()
    path = person.add(api="mt5-sample")
    wrong = {"target": "api", "credentials": {**values, "desk": "retail"}}
    assert person.post(f"{path}/checks", json=wrong).json()["outcome"] == "bad-credentials"
    known = person.put(f"{path}/api-credentials", json=dict(values)).json()
    assert (known["login"], known["tls"], known["options"]) == ("ada", "off", {"user": "ada", "desk": "prime"})
    assert person.get(path).json()["api_credentials"] == known
    assert values["password"] not in person.get(path).text
    wait_until(lambda: person.get(path).json()["status"]["state"] == "ok")
    assert person.post(f"{path}/checks", json={"target": "api"}).json()["outcome"] == "ok"
    first = person.get(f"{path}/accounts?limit=2").json()
    rest = person.get(f"{path}/accounts?limit=2&cursor={first['next_cursor']}").json()
    assert [each["login"] for each in first["items"] + rest["items"]] == [7001, 7002, 7003]
    assert person.get(f"{path}/accounts/7002").json()["currency"] == "EUR"
    refused(person.get(f"{path}/deals"), 409, "not-offered-by-source")


@pytest.mark.parametrize("name", ["mt5-sample", "desk-api", "ledger-tables"])
def test_every_added_connector_is_checked_and_read_on_its_simulator(running: RunningPlatforms, name: str) -> None:
    (connector,) = (one for one in connectors.installed().all if one.name == name)
    must_be_checked_and_read(connector, running.member())


def test_options_do_not_repeat_other_fields_of_the_answer(running: RunningPlatforms) -> None:
    (tables,) = (one for one in connectors.installed().all if one.name == "ledger-tables")
    person = running.member()
    path = person.add(kind="ledger", api="none")
    with simulated(tables) as values:
        known = person.put(f"{path}/db-credentials", json=dict(values)).json()
    assert (known["user"], known["database"], known["options"]) == ("ada", "desk", {"desk": "prime"})


def test_credentials_that_do_not_fit_another_api_are_removed(
    running: RunningPlatforms, values: Mapping[str, Any]
) -> None:
    person = running.member()
    path = person.add(api="mt5-sample")
    person.put(f"{path}/api-credentials", json=dict(values))
    assert person.patch(path, json={"api": "none"}).json()["api_credentials"]["login"] == "ada"
    assert person.patch(path, json={"api": "mt5-webapi"}).json()["api_credentials"] is None
    refused(person.post(f"{path}/checks", json={"target": "api"}), 409, "no-credentials")


def test_an_added_connector_may_define_a_kind_of_platform(running: RunningPlatforms, values: Mapping[str, Any]) -> None:
    person = running.member()
    refused(person.post(person.platforms, json={"name": "x", "kind": "desk", "api": "mt5-sample"}), 422, "invalid")
    path = person.add(kind="desk", api="desk-api")
    assert person.put(f"{path}/api-credentials", json=dict(values)).status_code == 200
    assert len(person.get(f"{path}/accounts").json()["items"]) == 3
    database = {"host": "localhost", "port": 3306, "database": "x", "user": "x", "password": "x"}
    refused(person.put(f"{path}/db-credentials", json=database), 409, "connector-missing")
    (message, *_) = running.identity.messages(
        "PLATFORMS", f"evt.platforms.{person.organization}.{path.rpartition('/')[2]}.>", 1
    )
    assert json.loads(message)["type"] == "tradehall.platforms.PlatformOfOtherKindAdded.v1"


@pytest.mark.parametrize(
    ("change", "field"), [({"desk": "other"}, "desk"), ({"login": 1}, "login"), ({"host": ""}, "host")]
)
def test_a_wrong_value_of_an_added_form_is_named(
    running: RunningPlatforms, values: Mapping[str, Any], change: dict[str, Any], field: str
) -> None:
    person = running.member()
    path = person.add(api="mt5-sample")
    answer = person.put(f"{path}/api-credentials", json={**values, **change})
    refused(answer, 422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    answer = person.post(f"{path}/checks", json={"target": "api", "credentials": {**values, **change}})
    refused(answer, 422, "invalid")
    assert answer.json()["errors"][0]["field"].endswith(f"credentials.{field}")


def test_the_demo_starts_the_simulator_of_an_added_connector(sample: Connector, tmp_path: Path) -> None:
    assert sample.name in {connector.name for connector in simulators.simulated()}
    port = free_port()
    source = f"from platforms import connectors, simulators; connectors.__path__.append({ADDED!r}); simulators.main"
    command = [sys.executable, "-c", f"{source}([{str(tmp_path)!r}, '{sample.name}={port}'])"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as process:
        wait_until((tmp_path / simulators.PLACES).exists, 30, "the simulators")
        place = json.loads((tmp_path / simulators.PLACES).read_text())[sample.name]
        assert (place["port"], place["user"]) == (port, "ada")
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"accounts\n")
            assert connection.recv(100) == b"7001 7002 7003\n"
        process.terminate()
        assert process.wait(10) == 0
