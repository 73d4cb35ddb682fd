"""What `python -m identity erase` does: asks, notes, erases, waits for the stream, and reports."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from contracts import rpc
from contracts.email import InvalidEmail
from identity.application.erasure import Erased
from identity.application.erasure_list import ErasureList
from identity.assembly import SCHEMA, Parts
from identity.domain.user import AlreadyErased, UnknownUser
from identity.settings import Settings
from kit.bus import Bus, BusUnavailable
from kit.database import opened
from kit.errors import Conflict, Invalid, Refusal

_CONNECTED = 5.0  # seconds
_SHREDDED = 30.0
_ELSEWHERE = (
    "organizations: hears UserErased, and forgets memberships, address, name, and invitations to that address",
    "notifications: hears UserErased, and forgets address and name",
    "every service: refuses the tokens of the ended sessions",
)


class OnlyAdministrator(Conflict):
    code = "only-administrator"
    title = "Others would be left without an administrator"


class NoErasureList(Refusal):
    code = "no-erasure-list"
    title = "Set TRADEHALL_ERASURE_LIST to a file outside the database and its backups; a restore needs it"


def erase(settings: Settings, who: str, tell: Callable[[str], None]) -> None:
    """Erase the person with this id or address, and tell what was destroyed where.

    Raises UnknownUser, AlreadyErased, Invalid, OnlyAdministrator, NoErasureList, BusUnavailable, OSError.
    """
    erasures = _list(settings)

    def work(parts: Parts, bus: Bus) -> Erased:
        try:
            user_id = parts.erasure.find(who)
        except InvalidEmail as error:
            raise Invalid("who", str(error)) from None
        _must_not_be_needed(bus, user_id)
        erasures.add(user_id, parts.clock())
        return parts.erasure.erase(user_id)

    async def one() -> None:
        async with _reaching(settings) as (parts, bus):
            erased = await asyncio.to_thread(work, parts, bus)
            await _told(parts, erased, tell)

    asyncio.run(one())
    for line in (f"erasure list: {erasures.path}", *_ELSEWHERE):
        tell(line)


def erase_listed(settings: Settings, tell: Callable[[str], None]) -> None:
    """After a restore: erase again whom the backup still knows. Raises NoErasureList, OSError."""
    listed = _list(settings).ids()

    async def all_of_them() -> None:
        async with _reaching(settings) as (parts, _):
            for user_id in listed:
                try:
                    await _told(parts, await asyncio.to_thread(parts.erasure.erase, user_id), tell)
                except (UnknownUser, AlreadyErased) as refusal:
                    tell(f"{user_id}: nothing to do ({refusal.code})")

    asyncio.run(all_of_them())


def _list(settings: Settings) -> ErasureList:
    if settings.erasure_list is None:
        raise NoErasureList
    return ErasureList(settings.erasure_list)


def _must_not_be_needed(bus: Bus, user_id: UUID) -> None:
    question = rpc.SoleAdministratorRequest(user_id=user_id)
    reply = bus.ask_from_thread(rpc.SOLE_ADMINISTRATOR.subject, question, rpc.SOLE_ADMINISTRATOR.reply)
    if reply.ok is None:
        raise BusUnavailable(f"organizations refused to say who is needed: {reply.refused}")
    if needing := reply.ok.organizations:
        names = ", ".join(f'"{one.name}" ({one.organization_id})' for one in needing)
        raise OnlyAdministrator(f"Make another member administrator first, or delete the organization: {names}.")


@asynccontextmanager
async def _reaching(settings: Settings) -> AsyncIterator[tuple[Parts, Bus]]:
    """The inside of the service, with the bus in reach unless it is away."""
    database = opened(settings.postgres_dsn, SCHEMA)
    parts = Parts(settings, database, lambda: datetime.now(UTC))
    bus = Bus(settings.nats_url, "identity", settings.nats_password)
    connection = asyncio.create_task(bus.run())
    try:
        await _until(lambda: bus.connected, _CONNECTED)
        yield parts, bus
    finally:
        connection.cancel()
        await asyncio.wait([connection])
        database.close()


async def _told(parts: Parts, erased: Erased, tell: Callable[[str], None]) -> None:
    """Wait for the running service to overwrite the messages, and report."""
    await _until(lambda: not parts.erasure.waiting(erased), _SHREDDED)
    for line in _report(erased, parts.erasure.waiting(erased)):
        tell(line)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds, or so long."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(condition) and time.monotonic() < end:  # noqa: ASYNC110 - others do it
        await asyncio.sleep(0.1)


def _report(erased: Erased, waiting: int) -> Iterator[str]:
    yield f"erased {erased.user_id}"
    for name, number in erased.rows.items():
        yield f"identity, database: {number} {name}"
    done = len(erased.subjects) - waiting
    yield f"identity, stream: messages of {done} subjects overwritten"
    if waiting:
        yield f"identity, stream: {waiting} subjects wait; the running service overwrites them when it reaches the bus"
