"""What `python -m identity erase` does: asks, notes, erases, waits for the stream, and reports."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts import rpc
from contracts.email import InvalidEmail
from identity.container import SCHEMA, Parts
from identity.erasure.service import Erased
from identity.people.views import Person
from identity.settings import Settings
from kit.db.migrations import opened
from kit.errors import Conflict, Invalid, Refusal
from kit.messaging.bus import Bus, BusUnavailable
from privacy.erasure_log import ErasureLog

_CONNECTED = 5.0  # seconds
_SHREDDED = 30.0


@dataclass(frozen=True)
class Report:
    """What identity destroyed: rows by what they are called, subjects whose messages were overwritten or still wait."""

    user_id: UUID
    rows: Mapping[str, int]
    overwritten: int
    waiting: int
    erasure_list: str

    def __str__(self) -> str:
        lines = [
            f"erased {self.user_id}",
            *(f"identity, database: {number} {name}" for name, number in self.rows.items()),
            f"identity, stream: messages of {self.overwritten} subjects overwritten",
        ]
        if self.waiting:
            lines.append(f"identity, stream: {self.waiting} subjects wait until the running service reaches the bus")
        return "\n".join([*lines, f"erasure list: {self.erasure_list}"])


class OnlyAdministrator(Conflict):
    code = "only-administrator"
    title = "Others would be left without an administrator"


class NoErasureList(Refusal):
    code = "no-erasure-list"
    title = "Set TRADEHALL_ERASURE_LIST to a file outside the database and its backups; a restore needs it"


def erase(settings: Settings, who: str) -> Report:
    """Erase the person with this id or address, and wait for the running service to overwrite the messages.

    Raises UnknownUser, AlreadyErased, Invalid, OnlyAdministrator, NoErasureList, BusUnavailable, OSError.
    """
    erasures = _list(settings)

    def work(parts: Parts, bus: Bus) -> Erased:
        user_id = _found(parts, who)
        _must_not_be_needed(bus, user_id)
        erasures.add(user_id, parts.clock())
        return parts.erasure.erase(user_id)

    async def one() -> Report:
        async with _reaching(settings) as (parts, bus):
            erased = await asyncio.to_thread(work, parts, bus)
            await _until(lambda: not parts.erasure.waiting(erased), _SHREDDED)
            waiting = parts.erasure.waiting(erased)
            return Report(erased.user_id, erased.rows, len(erased.subjects) - waiting, waiting, str(erasures.path))

    return asyncio.run(one())


def find(settings: Settings, who: str, *, to_erase: bool = False) -> Person:
    """The person with this id or address. Raises UnknownUser, AlreadyErased, Invalid, and where they are to be erased
    OnlyAdministrator and BusUnavailable."""

    def work(parts: Parts, bus: Bus) -> Person:
        person = parts.people.find(_found(parts, who))
        if to_erase:
            _must_not_be_needed(bus, person.id)
        return person

    async def one() -> Person:
        async with _reaching(settings) as (parts, bus):
            return await asyncio.to_thread(work, parts, bus)

    return asyncio.run(one())


def _found(parts: Parts, who: str) -> UUID:
    try:
        return parts.erasure.find(who)
    except InvalidEmail as error:
        raise Invalid("who", str(error)) from None


def _list(settings: Settings) -> ErasureLog:
    if settings.erasure_list is None:
        raise NoErasureList
    return ErasureLog(settings.erasure_list)


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


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds, or so long."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(condition) and time.monotonic() < end:  # noqa: ASYNC110 - others do it
        await asyncio.sleep(0.1)
