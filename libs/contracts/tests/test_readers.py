"""Permissions of a subscriber's bus user, on a real nats-server."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
import pytest
from nats.aio.client import Client

from contracts.nats_config import MAINTAINER, USERS, Subscriber, nats_configuration
from contracts.streams import STREAMS
from embedded.nats import Nats

from .test_nats_config import Action, actions
from .wire import Wire

MINE, THEIRS = UUID(int=1), UUID(int=2)
READER, OTHER = Subscriber("reader-1", MINE), Subscriber("reader-2", THEIRS)
READERS = {READER: "one", OTHER: "two"}


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    folder: Path = tmp_path_factory.mktemp("bus")
    text = nats_configuration(
        port=4222, host="127.0.0.1", store_dir=str(folder / "js"), passwords=dict.fromkeys(USERS, "p"), readers=READERS
    )
    with Nats(folder, text) as server:
        yield server


async def connect(bus: Nats, user: str, password: str = "p") -> Client:
    return await nats.connect(bus.url, user=user, password=password, inbox_prefix=f"_INBOX_{user}".encode())


async def fill(bus: Nats) -> None:
    for context, stream in STREAMS.items():
        owner = await connect(bus, stream.owner)
        await owner.jetstream().add_stream(name=stream.name, subjects=list(stream.subjects))
        for organization in (MINE, THEIRS, "-"):
            await owner.jetstream().publish(f"evt.{context}.{organization}.x.Happened", str(organization).encode())
        await owner.close()


def own_actions(reader: Subscriber) -> Iterator[Action]:
    for context, stream in STREAMS.items():
        place = f"{stream.name}.{reader.name}"
        yield "publish", f"$JS.API.CONSUMER.CREATE.{place}.evt.{context}.{reader.organization}.>"
        yield "publish", f"$JS.API.CONSUMER.INFO.{place}"
        yield "publish", f"$JS.API.CONSUMER.MSG.NEXT.{place}"
        yield "publish", f"$JS.ACK.{place}.1.1.1.1795448405406169721.0"
    yield "subscribe", f"_INBOX_{reader.name}.>"


def neighbouring_actions() -> Iterator[Action]:
    """What is nearly allowed."""
    for context, stream in STREAMS.items():
        place = f"{stream.name}.{READER.name}"
        for others in (f"evt.{context}.{THEIRS}.>", f"evt.{context}.*.>", f"evt.{context}.>", "evt.>", ">"):
            yield "publish", f"$JS.API.CONSUMER.CREATE.{place}.{others}"
        yield "publish", f"$JS.API.CONSUMER.CREATE.{place}"
        yield "publish", f"$JS.API.CONSUMER.DURABLE.CREATE.{place}"
        yield "publish", f"$JS.API.CONSUMER.CREATE.{stream.name}.another.evt.{context}.{MINE}.>"
        for verb in ("DELETE", "PAUSE", "RESET", "UNPIN", "LEADER.STEPDOWN"):
            yield "publish", f"$JS.API.CONSUMER.{verb}.{place}"
        yield "publish", f"evt.{context}.{MINE}.x.Happened"
        yield "subscribe", f"evt.{context}.{MINE}.>"


def test_a_subscriber_reaches_only_its_own_consumers(bus: Nats) -> None:
    for reader, password in READERS.items():
        own = set(own_actions(reader))
        others = {action for other in READERS if other != reader for action in own_actions(other)}
        everything = own | others | {action for action, _ in actions()}
        if reader == READER:
            everything |= set(neighbouring_actions())
        with Wire(bus.port, reader.name, password) as wire:
            refused = wire.refused(everything)
        assert refused == {(verb, subject.split()[0]) for verb, subject in everything - own}


def test_a_subscriber_reads_only_its_organization(bus: Nats) -> None:
    async def read() -> None:
        await fill(bus)
        client = await connect(bus, READER.name, "one")
        for context, stream in STREAMS.items():
            place = await client.jetstream().pull_subscribe(
                READER.filter(context), durable=READER.name, stream=stream.name
            )
            messages = await place.fetch(10, timeout=2)
            assert {message.data for message in messages} == {str(MINE).encode()}
            for message in messages:
                await message.ack()
        await client.flush()
        assert client.last_error is None
        await client.close()

    asyncio.run(read())


def test_the_body_of_a_consumer_request_grants_nothing(bus: Nats) -> None:
    wide = f"evt.identity.{THEIRS}.>"
    own = {"durable_name": READER.name, "name": READER.name, "filter_subject": READER.filter("identity")}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("IDENTITY", own | {"filter_subject": wide}),
        ("IDENTITY", own | {"filter_subject": ""}),
        ("IDENTITY", own | {"filter_subject": "", "filter_subjects": [READER.filter("identity"), wide]}),
        ("IDENTITY", own | {"durable_name": OTHER.name, "name": OTHER.name}),
        ("ORGANIZATIONS", own),
        ("IDENTITY", own | {"deliver_subject": "evt.organizations.-.x.Happened"}),  # its place pulls already
    ]

    async def ask() -> None:
        await fill(bus)
        maintainer = await connect(bus, MAINTAINER)
        subject = f"$JS.API.CONSUMER.CREATE.IDENTITY.{READER.name}.{READER.filter('identity')}"
        made = await create(maintainer, subject, "IDENTITY", own)
        assert "error" not in made
        client = await connect(bus, READER.name, "one")
        for stream, config in asked:
            assert "error" in await create(client, subject, stream, config), config
        await client.close()
        await maintainer.close()

    asyncio.run(ask())


async def create(client: Client, subject: str, stream: str, config: dict[str, Any]) -> dict[str, Any]:
    body = {"stream_name": stream, "config": {"ack_policy": "explicit", **config}, "action": ""}
    answer: dict[str, Any] = json.loads((await client.request(subject, json.dumps(body).encode(), timeout=2)).data)
    return answer
