"""The AsyncAPI document is that of the code, is AsyncAPI, and is what stands on the bus."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import nats
import pytest
from nats.aio.msg import Msg

from contracts.catalogue import EVENTS
from contracts.streams import STREAMS, consumers_of
from deploy.asyncapi import document
from deploy.event_tables import event_tables
from testing.driver import SystemDriver

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "docs" / "asyncapi" / "asyncapi.json"


def test_the_committed_document_is_the_generated_one() -> None:
    assert json.loads(KEPT.read_text()) == document(), "run `make schemas` and look at what changed"


def test_it_is_asyncapi_3_and_refers_to_nothing_that_is_missing() -> None:
    schema = HERE / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"
    if not schema.exists():
        pytest.skip("the schema of AsyncAPI is missing: run `make setup`")
    made = document()
    errors = jsonschema_rs.validator_for(json.loads(schema.read_text())).iter_errors(made)
    assert [f"{error.instance_path}: {error.message}" for error in errors] == []
    for reference in references(made):
        found: Any = made
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_payload_has_a_title_and_its_specversion() -> None:
    made = document()
    schemas = made["components"]["schemas"]
    for name, message in made["components"]["messages"].items():
        payload = message["payload"]
        assert "title" in payload or "title" in schemas[payload["$ref"].rpartition("/")[2]], name
        if "allOf" in payload:
            assert "specversion" in payload["allOf"][1]["required"], name


@pytest.mark.parametrize("service", STREAMS)
def test_a_service_publishes_events_of_its_own_stream_and_reads_all_it_subscribes_to(service: str) -> None:
    tables = event_tables()
    assert {event.context for event in tables.published[service]} == {service}
    read = {event for consumer in consumers_of(service) for event in tables.read_by(consumer)}
    assert read == tables.subscribed[service]


def test_every_event_of_the_catalogue_is_published() -> None:
    published = [event for events in event_tables().published.values() for event in events]
    assert sorted(event.event_type() for event in published) == sorted(EVENTS)


def test_every_payload_has_a_title() -> None:
    made = document()
    for name, message in made["components"]["messages"].items():
        payload = message["payload"]
        if "$ref" in payload:
            payload = made["components"]["schemas"][payload["$ref"].rsplit("/", 1)[1]]
        assert payload["title"], name


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(inner)


def test_messages_on_the_bus_match_the_document(driver: SystemDriver) -> None:
    driver.new_user("told").api("POST", "/organizations", json={"name": "Told of"})
    kept, seen = document(), set()
    for message in asyncio.run(read(driver.info["nats_url"])):
        kind = json.loads(message.data)["type"]
        told = kept["components"]["messages"][kind]
        for part, value in (("payload", json.loads(message.data)), ("headers", message.headers)):
            schema = {**told[part], "components": kept["components"]}
            jsonschema_rs.validator_for(schema, validate_formats=True).validate(value)
        seen.add(kind.split(".")[1])
    assert {"identity", "organizations", "notifications"} <= seen


async def read(url: str) -> list[Msg]:
    """The oldest messages of every stream, as the observer sees them."""
    client = await nats.connect(url, inbox_prefix=b"_INBOX_observer")
    messages: list[Msg] = []
    for context, stream in STREAMS.items():
        held = (await client.jetstream().stream_info(stream.name)).state.messages
        if held:
            place = await client.jetstream().pull_subscribe(f"evt.{context}.>", stream=stream.name)
            messages += await place.fetch(min(held, 200), timeout=5)
    await client.close()
    return messages
