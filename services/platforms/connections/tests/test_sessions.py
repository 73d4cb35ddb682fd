"""Sessions that are kept between requests: shared, bounded, and closed when they are no longer wanted."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from metatrader import errors as mt
from metatrader.simulator import FaultKind, TcpSimulator, invent
from platforms.checks.domain import Failed
from platforms.connections.addresses import Policy
from platforms.connections.sessions import Sessions
from platforms.connectors.webapi.session import WebApiSession
from platforms.credentials.service import Usable
from platforms.tests.world import PASSWORD, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server() -> AsyncIterator[TcpSimulator]:
    async with TcpSimulator(invent(5, login=1000, password=PASSWORD, users=2, trades=5)) as simulator:
        yield simulator


def kept_by(world: World, **options: Any) -> Sessions:
    return Sessions(world.views.versions, Policy(private_allowed=True), **options)


def signed(world: World, server: TcpSimulator) -> tuple[UUID, UUID, Usable]:
    """A platform with credentials, and these for a use."""
    org, platform = world.platform()
    world.give(org, platform, host="localhost", port=server.port)
    return org, platform, world.credentials.stored(org, platform, "api", "read")


@asynccontextmanager
async def opened(clients: Sessions, platform: UUID, ready: Usable) -> AsyncGenerator[WebApiSession, None]:
    reading = ready.connector.reading
    assert reading is not None
    async with clients.session((platform, ready.api, ready.version), reading, ready.credentials) as session:
        assert isinstance(session, WebApiSession)
        yield session


async def read(clients: Sessions, platform: UUID, ready: Usable) -> None:
    async with opened(clients, platform, ready) as session:
        assert await session.client.symbol_total() == 6


async def test_concurrent_requests_share_one_sign_in(world: World, server: TcpSimulator) -> None:
    _, platform, ready = signed(world, server)
    clients = kept_by(world)
    await asyncio.gather(*(read(clients, platform, ready) for _ in range(2)))
    await read(clients, platform, ready)
    await clients.look()
    await read(clients, platform, ready)
    assert server.journal.count("SYMBOL_TOTAL") == 4
    assert server.journal.count("AUTH_ANSWER") <= 2, "no more than two connections, however many requests"


async def test_an_idle_client_is_closed(world: World, server: TcpSimulator) -> None:
    _, platform, ready = signed(world, server)
    clients = kept_by(world, idle=0.0)
    async with opened(clients, platform, ready):
        await clients.look()
        assert server.journal.count("QUIT") == 0, "it is being read"
    await clients.look()
    await closed(server, 2)


async def test_changed_or_removed_credentials_close_the_session(world: World, server: TcpSimulator) -> None:
    changes: tuple[Callable[[UUID, UUID], None], ...] = (
        lambda org, platform: world.give(org, platform, host="localhost", port=server.port),
        lambda org, platform: world.platforms.change(org, platform, {"api": "mt5-rest"}),
        lambda org, platform: world.credentials.remove(org, platform, "api"),
        lambda org, platform: world.platforms.remove(org, platform),
        lambda org, _: world.views.organization_deleted(org, world.clock.now),
    )
    clients = kept_by(world)
    for number, change in enumerate(changes, 1):
        org, platform, ready = signed(world, server)
        await read(clients, platform, ready)
        change(org, platform)
        await clients.look()
        await closed(server, 2 * number)


async def test_a_reader_in_progress_may_finish(world: World, server: TcpSimulator) -> None:
    org, platform, ready = signed(world, server)
    clients = kept_by(world)
    async with opened(clients, platform, ready) as session:
        world.platforms.remove(org, platform)
        await clients.look()
        assert await session.client.symbol_total() == 6
        assert server.journal.count("CLOSED") == 1, "only the connection that looked whether the port answers"
    await closed(server, 2)


async def test_beyond_the_limit_the_longest_idle_session_is_closed(world: World, server: TcpSimulator) -> None:
    clients = kept_by(world, most=2)
    places = [signed(world, server)[1:] for _ in range(3)]
    for platform, ready in places:
        await read(clients, platform, ready)
    await closed(server, 4)
    await read(clients, *places[2])
    await read(clients, *places[1])
    assert server.journal.count("AUTH_ANSWER") == 3, "these two were kept"
    async with opened(clients, *places[1]), opened(clients, *places[2]):
        await read(clients, *places[0])
        await closed(server, 6)


async def test_after_a_failure_the_next_request_signs_in_again(world: World, server: TcpSimulator) -> None:
    _, platform, ready = signed(world, server)
    clients = kept_by(world)
    server.faults.add(FaultKind.BAD_TEXT, "SYMBOL_TOTAL")
    with pytest.raises(mt.MetaTraderError):
        await read(clients, platform, ready)
    await closed(server, 2)
    await read(clients, platform, ready)
    assert server.journal.count("AUTH_ANSWER") == 2


async def test_the_address_of_a_host_is_checked_before_connecting(world: World, server: TcpSimulator) -> None:
    _, platform, ready = signed(world, server)
    strict = Sessions(world.views.versions, Policy(private_allowed=False))
    with pytest.raises(Failed) as refused:
        async with opened(strict, platform, ready):
            pass
    assert refused.value.outcome == "address-not-allowed"
    assert server.journal.count("CONNECTED") == 0


async def test_all_sessions_are_closed_at_shutdown(world: World, server: TcpSimulator) -> None:
    _, platform, ready = signed(world, server)
    clients = kept_by(world)
    running = asyncio.create_task(clients.run())
    await read(clients, platform, ready)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await closed(server, 2)


async def closed(server: TcpSimulator, times: int) -> None:
    """So many connections have ended; each opening takes one that only looks whether the port answers."""
    await server.journal.wait_for("CLOSED", times)
