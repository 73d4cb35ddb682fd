"""Permissions of each bus user, on a real nats-server with the generated configuration."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from contracts.nats_config import MAINTAINER, OBSERVER, SERVICES, USERS, Cluster, bus_permissions_of, nats_configuration
from contracts.rpc import RPC
from contracts.streams import STREAMS, consumers_of, feeds_of
from embedded.nats import Nats

from .wire import Wire

PASSWORDS = {user: f'{user} "\\$HOME #{{}}' for user in USERS}
Action = tuple[str, str]


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    folder = tmp_path_factory.mktemp("bus")
    text = nats_configuration(port=4222, host="127.0.0.1", store_dir=str(folder / "js"), passwords=PASSWORDS)
    with Nats(folder, text) as server:
        yield server


# What is refused is computed from the tables: each action of the bus with the users who may take it.


def actions() -> Iterator[tuple[Action, set[str]]]:
    yield from stream_actions()
    yield from durable_actions()
    yield from reading_actions()
    for each in RPC.values():
        yield ("publish", each.subject), set(each.askers)
        yield ("subscribe", each.subject), {each.owner}
        yield ("subscribe", f"{each.subject} {each.owner}"), {each.owner}
    for user in (*SERVICES, OBSERVER, MAINTAINER):
        yield ("publish", f"_INBOX_{user}.any.1"), set()
        yield ("subscribe", f"_INBOX_{user}.any.*"), {user}
        yield ("subscribe", f"_INBOX_{user}.>"), {user}
    for subject in ("evt.unknown.-.x.Happened", "rpc.unknown", "anything", "$JS.API.INFO", "_INBOX.x"):
        yield ("publish", subject), set()
    for subject in ("$SYS.REQ.SERVER.PING", "$JS.API.STREAM.CREATE.MINE", "$JS.API.STREAM.CREATE.*"):
        yield ("publish", subject), set()
    for subject in (">", "*.>", "*.*.*.*.*", "rpc.>", "rpc.*.*", "_INBOX.>", "$JS.>", "$JS.ACK.>", "$SYS.>"):
        yield ("subscribe", subject), set()


def stream_actions() -> Iterator[tuple[Action, set[str]]]:
    for context, stream in STREAMS.items():
        yield ("publish", f"evt.{context}.-.x.Happened"), {stream.owner}
        yield ("subscribe", f"evt.{context}.>"), {OBSERVER}
        yield ("publish", f"$JS.API.STREAM.INFO.{stream.name}"), {stream.owner, OBSERVER, MAINTAINER}
        yield ("publish", f"$JS.API.STREAM.DELETE.{stream.name}"), {MAINTAINER}
        for verb in ("CREATE", "UPDATE", "MSG.GET", "MSG.DELETE"):
            yield ("publish", f"$JS.API.STREAM.{verb}.{stream.name}"), {stream.owner}
        for verb in ("PURGE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN", "PEER.REMOVE"):
            yield ("publish", f"$JS.API.STREAM.{verb}.{stream.name}"), set()
        yield ("publish", f"$JS.API.DIRECT.GET.{stream.name}"), set()
        yield ("publish", f"$JS.API.CONSUMER.NAMES.{stream.name}"), set()


def durable_actions() -> Iterator[tuple[Action, set[str]]]:
    for service in SERVICES:
        for durable in (*consumers_of(service), *feeds_of(service)):
            place = f"{durable.stream.name}.{durable.name}"
            mine = {service}
            yield ("publish", f"$JS.API.CONSUMER.CREATE.{place}"), mine
            yield ("publish", f"$JS.API.CONSUMER.CREATE.{place}.evt.{durable.stream.owner}.>"), mine
            yield ("publish", f"$JS.API.CONSUMER.MSG.NEXT.{place}"), mine
            yield ("publish", f"$JS.API.CONSUMER.INFO.{place}"), {service, OBSERVER}
            yield ("publish", f"$JS.ACK.{place}.1.1.1.1795448405406169721.0"), mine
            for verb in ("DELETE", "PAUSE", "RESET", "DURABLE.CREATE", "LEADER.STEPDOWN", "UNPIN"):
                yield ("publish", f"$JS.API.CONSUMER.{verb}.{place}"), set()


def reading_actions() -> Iterator[tuple[Action, set[str]]]:
    """Consumers that are nobody's durable."""
    yield ("subscribe", "evt.>"), {OBSERVER}
    for verb in ("NAMES", "LIST"):
        yield ("publish", f"$JS.API.STREAM.{verb}"), {OBSERVER}
    for context, stream in STREAMS.items():
        place = f"{stream.name}.reader"
        yield ("publish", f"$JS.API.CONSUMER.CREATE.{place}.evt.{context}.>"), {OBSERVER, MAINTAINER}
        yield ("publish", f"$JS.API.CONSUMER.MSG.NEXT.{place}"), {OBSERVER}
        yield ("publish", f"$JS.API.CONSUMER.INFO.{place}"), {OBSERVER}
        yield ("publish", f"$JS.API.CONSUMER.CREATE.{place}"), set()
        yield ("publish", f"$JS.API.CONSUMER.CREATE.{stream.name}"), set()
        yield ("publish", f"$JS.ACK.{place}.1.1.1.1795448405406169721.0"), set()


@pytest.mark.parametrize("user", USERS)
def test_a_bus_user_is_refused_all_subjects_of_others(bus: Nats, user: str) -> None:
    table = dict(actions())
    expected = {(verb, subject.split()[0]) for (verb, subject), users in table.items() if user not in users}

    with Wire(bus.port, user, PASSWORDS[user]) as wire:
        refused = wire.refused(table)

    assert refused == expected


@pytest.mark.parametrize("user", USERS)
def test_the_bus_refuses_a_wrong_password(bus: Nats, user: str) -> None:
    others = PASSWORDS["portal" if user == OBSERVER else OBSERVER]
    for name, password in ((user, others), (user, ""), ("stranger", PASSWORDS[user]), (None, None)):
        with pytest.raises(ConnectionError):
            Wire(bus.port, name, password)


# What must work, works as the services do it: by nats-py.


@asynccontextmanager
async def connected(bus: Nats) -> AsyncIterator[dict[str, Client]]:
    """Every user's connection; fails where the server refused any of them anything."""
    refused: list[Exception] = []

    async def note(error: Exception) -> None:
        refused.append(error)

    async with AsyncExitStack() as stack:
        clients = {}
        for user, password in PASSWORDS.items():
            clients[user] = await nats.connect(
                bus.url,
                user=user,
                password=password,
                inbox_prefix=f"_INBOX_{user}",
                error_cb=note,
                allow_reconnect=False,
            )
            stack.push_async_callback(clients[user].close)
        yield clients
        for client in clients.values():
            await settled(client)
        assert refused == []


async def settled(client: Client) -> None:
    """Return when the server has taken all that the client has to send.

    Twice, because nats-py writes a flush's PING ahead of the commands that wait.
    """
    await client.flush()
    await client.flush()


async def with_filled_streams(clients: dict[str, Client]) -> None:
    for context, stream in STREAMS.items():
        jetstream = clients[stream.owner].jetstream()
        await jetstream.add_stream(
            StreamConfig(
                name=stream.name,
                subjects=list(stream.subjects),
                duplicate_window=stream.duplicate_window.total_seconds(),
            )
        )
        await jetstream.publish(f"evt.{context}.-.x.Happened", b"{}", stream=stream.name)


def test_a_service_manages_its_own_stream(bus: Nats) -> None:
    async def keep() -> None:
        async with connected(bus) as clients:
            await with_filled_streams(clients)
            for context, stream in STREAMS.items():
                jetstream = clients[stream.owner].jetstream()
                ack = await jetstream.publish(
                    f"evt.{context}.-.x.Happened",
                    b"{}",
                    stream=stream.name,
                    headers={"Nats-Msg-Id": f"{context}-1-1"},
                )
                last = await jetstream.get_last_msg(stream.name, stream.subjects[0])
                assert last.seq == ack.seq
                info = await jetstream.stream_info(stream.name)
                assert info.config.duplicate_window == 300
                await jetstream.update_stream(info.config)
                assert await jetstream.delete_msg(stream.name, ack.seq)

    asyncio.run(keep())


def test_a_service_reads_by_its_consumers(bus: Nats) -> None:
    async def read() -> None:
        async with connected(bus) as clients:
            await with_filled_streams(clients)
            for service in SERVICES:
                for durable in (*consumers_of(service), *feeds_of(service)):
                    jetstream = clients[service].jetstream()
                    subscription = await jetstream.pull_subscribe(
                        durable.stream.subjects[0],
                        durable=durable.name,
                        stream=durable.stream.name,
                        config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, max_ack_pending=1),
                    )
                    (message,) = await subscription.fetch(1, timeout=5)
                    await message.in_progress()
                    await message.ack_sync(timeout=5)
                    info = await jetstream.consumer_info(durable.stream.name, durable.name)
                    assert info.num_ack_pending == 0

    asyncio.run(read())


def test_every_permitted_request_is_answered(bus: Nats) -> None:
    async def answer(message: Msg) -> None:
        await message.respond(b'{"refused": "not-today"}')

    async def ask() -> None:
        async with connected(bus) as clients:
            for each in RPC.values():
                await clients[each.owner].subscribe(each.subject, queue=each.owner, cb=answer)
                await settled(clients[each.owner])
                for asker in each.askers:
                    reply = await clients[asker].request(each.subject, b"{}", timeout=5)
                    assert each.reply.model_validate_json(reply.data).refused == "not-today"

    asyncio.run(ask())


def test_a_request_is_answered_once(bus: Nats) -> None:
    async def run() -> None:
        refused: asyncio.Queue[Exception] = asyncio.Queue()
        owner = await nats.connect(bus.url, user="identity", password=PASSWORDS["identity"], error_cb=refused.put)
        asker = await nats.connect(
            bus.url,
            user="notifications",
            password=PASSWORDS["notifications"],
            inbox_prefix="_INBOX_notifications",
        )

        async def answer_twice(message: Msg) -> None:
            await message.respond(b"{}")
            await message.respond(b"{}")

        await owner.subscribe("rpc.identity.mail-secret", cb=answer_twice)
        await settled(owner)
        await asker.request("rpc.identity.mail-secret", b"{}", timeout=5)
        error = await asyncio.wait_for(refused.get(), 5)
        await owner.close()
        await asker.close()
        assert 'publish to "_inbox_notifications' in str(error).lower()

    asyncio.run(run())


def test_the_observer_reads_all_streams_and_events(bus: Nats) -> None:
    async def observe() -> None:
        async with connected(bus) as clients:
            observer = clients[OBSERVER]
            heard = await observer.subscribe("evt.>")
            await settled(observer)
            await with_filled_streams(clients)
            for stream in STREAMS.values():
                assert (await heard.next_msg(timeout=5)).subject.startswith(f"evt.{stream.owner}.")
                reader = await observer.jetstream().pull_subscribe(
                    stream.subjects[0],
                    stream=stream.name,
                    config=ConsumerConfig(name=f"reader-{stream.owner}", ack_policy=AckPolicy.NONE),
                )
                assert await reader.fetch(1, timeout=5)
            assert len(await observer.jetstream().streams_info()) == len(STREAMS)

    asyncio.run(observe())


# The text.


def test_an_unknown_user_has_no_permissions() -> None:
    with pytest.raises(ValueError, match="no user of the bus"):
        bus_permissions_of("stranger")


@pytest.mark.parametrize("password", ["", "two\nlines", "tab\t"])
def test_a_password_with_unsafe_characters_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match=r"needs a password|control characters") as caught:
        nats_configuration(port=1, host="127.0.0.1", store_dir="js", passwords={"identity": password})

    assert not password or password not in str(caught.value)


def test_a_server_of_a_cluster_starts(tmp_path: Path) -> None:
    text = nats_configuration(
        port=4222,
        host="127.0.0.1",
        store_dir=str(tmp_path / "js"),
        passwords=PASSWORDS,
        monitor_port=-1,
        cluster=Cluster(name="tradehall", server_name="n1", port=-1, routes=("127.0.0.1:1",), password="p@ss/w:rd"),
    )
    with Nats(tmp_path, text) as server:
        assert server.is_ready()
