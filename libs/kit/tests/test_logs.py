"""Logs are JSON, carry the request id, and cannot print a secret."""

import json
import logging

import pytest
from pydantic import SecretStr

from kit.context import acting
from kit.telemetry import logs

SECRETS = {
    "a typed secret": SecretStr("hunter2hunter2"),
    "a header": {"Authorization": "Bearer hunter2hunter2"},
    "an address": "postgresql://me:hunter2hunter2@127.0.0.1/db",
    "a token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJodW50ZXIyaHVudGVyMiJ9.hunter2hunter2",
    "a query": "GET /callback?code=hunter2hunter2&state=1",
    "a form": "password=hunter2hunter2&next=/",
    "nested": [{"client_secret": "hunter2hunter2"}],
    "our own secret": "ths_hunter2hunter2hunter2hunter2",
}


@pytest.fixture(autouse=True)
def _restore() -> object:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers, root.level = before[0], before[1]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_masked(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("test")
    logging.getLogger("x").info("value %s", SECRETS[kind], extra={"value": SECRETS[kind]})
    line = capsys.readouterr().out
    assert "hunter2" not in line
    assert json.loads(line)["service"] == "test"


def test_a_line_carries_the_ids_of_request_and_trace_and_an_error_its_stack(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("test")
    with acting(correlation="request-9", traceparent=f"00-{'ab' * 16}-{'cd' * 8}-01"):
        try:
            raise ValueError("broken password=hunter2hunter2")
        except ValueError:
            logging.getLogger("x").exception("it failed")
    line = json.loads(capsys.readouterr().out)
    assert line["request_id"] == "request-9"
    assert (line["trace_id"], line["span_id"]) == ("ab" * 16, "cd" * 8)
    assert "ValueError" in line["exception"]
    assert "hunter2" not in line["exception"]
