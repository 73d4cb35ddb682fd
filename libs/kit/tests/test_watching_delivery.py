"""Observability of delivery on a real nats-server: traces, gauges, backlog."""

import asyncio
from datetime import timedelta
from math import isnan

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from embedded.nats import Nats
from kit.context import acting
from kit.eventstore.store import Recorded
from kit.messaging.bus import Bus
from kit.messaging.relay import Outgoing, Relay
from kit.operations.gauges import Gauges
from kit.tests.notebook import Notebook, translate
from kit.tests.test_delivery import STREAM, client, relay_of, running, stream_ids
from testing.waiting import wait_until


def test_a_message_carries_the_trace_of_its_event_while_that_is_fresh(
    notebook: Notebook, nats_server: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = f"00-{'ab' * 16}-{'cd' * 8}-01"
    bus, relay = relay_of(notebook, nats_server)
    with running(bus.run, relay.run), acting(traceparent=trace):
        notebook.write("fresh")
        wait_until(lambda: _traces(nats_server) == [trace])
        monkeypatch.setattr("kit.messaging.relay._TRACED_FOR", timedelta(0))
        notebook.write("old")
        wait_until(lambda: _traces(nats_server) == [trace, None])


def _traces(server: Nats) -> list[str | None]:
    async def read(count: int) -> list[str | None]:
        async with client(server) as js:
            return [(await js.get_msg("NOTEBOOK", each + 1)).headers.get("traceparent") for each in range(count)]

    return asyncio.run(read(len(stream_ids(server))))


def test_gauges_show_stream_and_consumers_only_while_connected(
    notebook: Notebook, nats_server: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.operations.gauges._EVERY", 0.05)
    bus, relay = relay_of(notebook, nats_server)
    notebook.write("one")
    with running(bus.run, relay.run, Gauges(relay, []).run):
        wait_until(lambda: _messages() == 1)
        nats_server.stop()
        wait_until(lambda: isnan(_messages()))
        nats_server.start()
        wait_until(lambda: _messages() == 1)


def _messages() -> float:
    return REGISTRY.get_sample_value("tradehall_stream_messages", {"stream": "NOTEBOOK"}) or 0.0


def test_private_events_do_not_count_as_backlog(notebook: Notebook, nats_server: Nats) -> None:
    def public(recorded: Recorded, epoch: str) -> Outgoing | None:
        return None if recorded.event.title == "private" else translate(recorded, epoch)

    bus = Bus(nats_server.url, "notebook", SecretStr("x"))
    relay = Relay(notebook, bus, STREAM, public)
    idle = Relay(notebook, bus, STREAM, public)
    note = notebook.write("public")
    with running(bus.run, relay.run):
        wait_until(lambda: len(stream_ids(nats_server)) == 1)
    with running(bus.run) as loop:

        def waiting() -> int:
            return asyncio.run_coroutine_threadsafe(idle.status(), loop).result(5).waiting

        wait_until(lambda: bus.connected)
        for titles, expected in ((["private"] * 3, 0), (["private"], 0), (["public", "private", "public"], 2), ([], 2)):
            for title in titles:
                notebook.retitle(note, title)
            assert waiting() == expected, titles
