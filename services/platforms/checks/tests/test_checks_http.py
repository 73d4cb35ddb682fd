"""Checks by HTTP, with the whole service and the simulators in other threads."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from embedded.ports import free_port
from metatrader.simulator import TcpSimulator, invent
from platforms.platforms.tests.test_platforms_http import refused
from platforms.tests.running_service import Caller, RunningPlatforms
from testing.waiting import wait_until

PASSWORD = "Correct-horse-1"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A simulator on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    simulator = TcpSimulator(invent(5, login=1000, password=PASSWORD, users=2, trades=2))
    asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result(5)
    yield simulator.port
    asyncio.run_coroutine_threadsafe(simulator.__aexit__(None, None, None), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def credentials(port: int, **given: Any) -> dict[str, Any]:
    return {"host": "localhost", "port": port, "login": 1000, "password": PASSWORD, **given}


def status(person: Caller, path: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(path).json()["status"]
    return found


def test_credentials_are_checked_before_they_are_stored(running: RunningPlatforms, port: int) -> None:
    person = running.member()
    path = person.add()
    body = {"target": "api", "credentials": credentials(port)}
    answer = person.post(f"{path}/checks", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == ["target", "outcome", "steps", "checked_at"]
    assert (found["target"], found["outcome"]) == ("api", "ok")
    assert list(found["steps"][0]) == ["name", "outcome", "duration_ms", "detail"]
    assert [step["name"] for step in found["steps"]][-1] == "clock"
    assert person.get(path).json()["api_credentials"] is None
    assert status(person, path)["state"] == "unknown"
    wrong = {"target": "api", "credentials": credentials(port, password="wrong")}
    assert person.post(f"{path}/checks", json=wrong).json()["outcome"] == "bad-credentials"
    assert status(person, path)["state"] == "unknown"
    history = person.get(f"{path}/checks").json()["items"]
    assert [each["outcome"] for each in history] == ["bad-credentials", "ok"]
    assert [each["credentials"] for each in history] == ["offered", "offered"]
    assert {each["actor"] for each in history} == {person.subject}


def test_stored_credentials_are_checked_at_once_and_on_demand(running: RunningPlatforms, port: int) -> None:
    person = running.member()
    path = person.add()
    person.put(f"{path}/api-credentials", json=credentials(port))
    wait_until(lambda: status(person, path)["state"] == "ok")
    viewer = running.member(person.organization, "viewer")
    assert viewer.post(f"{path}/checks", json={"target": "api"}).json()["outcome"] == "ok"
    history = viewer.get(f"{path}/checks").json()["items"]
    assert [(each["occasion"], each["version"]) for each in history] == [("demand", 1), ("schedule", 1)]
    page = viewer.get(f"{path}/checks?limit=1").json()
    assert viewer.get(f"{path}/checks?limit=1&cursor={page['next_cursor']}").json()["items"] == history[1:]
    person.put(f"{path}/api-credentials", json=credentials(free_port(None)))
    wait_until(lambda: status(person, path)["state"] == "lost")
    assert status(person, path)["reason"] == "port-closed"


def test_steps_are_streamed(running: RunningPlatforms, port: int) -> None:
    person = running.member()
    path = person.add()
    body = {"target": "api", "credentials": credentials(port)}
    headers = {"Accept": "text/event-stream"}
    with person.http.stream("POST", f"{path}/checks", json=body, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        sent = [block.split("\n") for block in "".join(answer.iter_text()).strip().split("\n\n")]
    kinds = [lines[0] for lines in sent]
    assert kinds == ["event: step"] * 7 + ["event: result"]
    values = [json.loads(lines[1].removeprefix("data: ")) for lines in sent]
    assert values[-1]["steps"] == values[:-1]
    assert values[-1]["outcome"] == "ok"


def test_a_step_is_sent_while_the_next_one_still_runs(running: RunningPlatforms) -> None:
    person = running.member()
    path = person.add()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        body = {"target": "api", "credentials": credentials(silent.getsockname()[1])}
        headers = {"Accept": "text/event-stream"}
        with person.http.stream("POST", f"{path}/checks", json=body, headers=headers) as answer:
            sent = (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))
            first = [next(sent)["name"] for _ in range(3)]
            for _ in range(2):  # the stage port hangs up itself, the sign-in waits for an answer
                silent.accept()[0].close()
            *_, result = sent
    assert first == ["name", "port", "tls"]
    assert (result["outcome"], result["steps"][-1]["name"]) == ("connection-lost", "sign-in")


def test_more_than_ten_checks_a_minute_get_retry_after(running: RunningPlatforms) -> None:
    person = running.member()
    path = person.add()
    body = {"target": "api", "credentials": credentials(free_port(None))}
    for _ in range(10):
        assert person.post(f"{path}/checks", json=body).json()["outcome"] == "port-closed"
    answer = person.post(f"{path}/checks", json=body)
    refused(answer, 429, "too-many-requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"target": "web"}, "body"),
        ({"target": "api", "credentials": {"host": "a", "port": 1, "login": 1}}, "credentials.password"),
        (
            {"target": "db", "credentials": {"host": "a", "port": 1, "user": "u", "password": "p"}},
            "credentials.database",
        ),
        ({"target": "api", "color": "red"}, "color"),
    ],
)
def test_an_invalid_value_names_its_field(running: RunningPlatforms, body: dict[str, Any], field: str) -> None:
    person = running.member()
    answer = person.post(f"{person.add()}/checks", json=body)
    refused(answer, 422, "invalid")
    assert answer.json()["errors"][0]["field"].endswith(field)
    assert "target" in answer.text or field != "body"
