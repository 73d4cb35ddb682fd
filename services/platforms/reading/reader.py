"""Opens a platform's live API or report database for one request, on the address that the policy allowed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pymysql.err import MySQLError

from kit.errors import Conflict, Refusal, Unavailable
from metatrader import errors as mt
from platforms.addresses import Policy
from platforms.application import Checkable, Platforms
from platforms.checking.database import encrypted, greeted, report_connection, signed_in
from platforms.checking.database import failed as db_failed
from platforms.checking.freshness import zone_of
from platforms.checking.mt5 import failed as api_failed
from platforms.checking.outcomes import REFUSED
from platforms.checking.reach import Reach
from platforms.checking.schema import Schema
from platforms.checking.steps import Failed, Result, Step
from platforms.domain import HASHED, ApiNotChosen, NoCredentials, Target
from platforms.reading import mt4_tables, mt5_tables
from platforms.reading.kept import Kept, KeptClients
from platforms.reading.model import Row, Wanted
from platforms.reading.mt5_api import Mt5Api
from platforms.reading.tables import read
from platforms.reading.values import WallClock
from platforms.views import PlatformRow

_OPENING = 20.0  # seconds
_CHOICE = ("ok", "degraded", "unknown", "lost")
What = Literal["accounts", "positions", "orders", "deals", "symbols"]


class NotOfferedBySource(Conflict):
    code = "not-offered-by-source"
    title = "This source of the platform cannot answer this"


class CredentialsRefused(Conflict):
    """Asking on with credentials that the server has refused could lock their account out."""

    code = "credentials-refused"
    title = "The platform has refused these credentials; correct them first"


class SourceUnavailable(Unavailable):
    code = "source-unavailable"
    title = "The platform does not answer now"


@dataclass(frozen=True)
class Asked:
    """`since` and `until` are instants; `most` rows will be taken, None for all."""

    what: What
    login: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[int | str, ...] | None = None
    most: int | None = None


class Reader:
    """`rows` yields rows of the model; whoever stops early must close it. Everything is read only."""

    def __init__(self, store: Platforms, policy: Policy, clients: KeptClients) -> None:
        self._store = store
        self._policy = policy
        self._clients = clients

    def choose(self, platform: PlatformRow, wanted: Target | None) -> Target:
        """The source that was asked for, or the one that is well. Raises NotOfferedBySource, NoCredentials."""
        offered: list[Target] = []
        if platform.api in HASHED and platform.api_credentials is not None:
            offered.append("api")
        if platform.db_credentials is not None:
            offered.append("db")
        if wanted is not None:
            if wanted in offered:
                return wanted
            raise NotOfferedBySource(_WHY[wanted])
        if not offered:
            raise NoCredentials
        states = self._store.checks.states(platform.id)
        known = [(states.get(target, ("unknown", None))[0], target) for target in offered]
        return min(known, key=lambda each: _CHOICE.index(each[0]) if each[0] in _CHOICE else len(_CHOICE))[1]

    def credentials(self, platform: PlatformRow, source: Target) -> Checkable:
        """For one use, which is written down. Raises CredentialsRefused, NotOfferedBySource, NoCredentials."""
        state, reason = self._store.checks.states(platform.id).get(source, ("unknown", None))
        if state == "refused":
            raise CredentialsRefused(f"The last answer was {reason}. Correct the {source} credentials.")
        try:
            return self._store.stored(platform.organization_id, platform.id, source, "read")
        except ApiNotChosen as error:
            raise NotOfferedBySource(_WHY["api"]) from error

    async def rows(
        self, platform: PlatformRow, source: Target, ready: Checkable, asked: Asked
    ) -> AsyncGenerator[Row, None]:
        """Raises SourceUnavailable, CredentialsRefused, NotOfferedBySource, also in the middle of a long answer."""
        try:
            async with AsyncExitStack() as opened:
                async with asyncio.timeout(_OPENING):
                    found = await self._open(platform, source, ready, asked, opened)
                async with aclosing(found):
                    async for row in found:
                        yield row
        except mt.NotFound:
            return
        except (Failed, mt.MetaTraderError, MySQLError, TimeoutError, OSError) as error:
            raise await self._refused(platform, source, ready, _failure(error)) from error

    async def _open(
        self, platform: PlatformRow, source: Target, ready: Checkable, asked: Asked, opened: AsyncExitStack
    ) -> AsyncGenerator[Row, None]:
        zones = await asyncio.to_thread(self._store.checks.zones, platform.id)
        if source == "api":
            return await self._open_api(platform, ready, asked, zones.get(source), opened)
        return await self._open_database(platform, ready, asked, zones.get(source), opened)

    async def _open_api(
        self, platform: PlatformRow, ready: Checkable, asked: Asked, zone: int | None, opened: AsyncExitStack
    ) -> AsyncGenerator[Row, None]:
        kept = await opened.enter_async_context(self._clients.client(platform.id, ready))
        if zone is None:
            zone = await _zone_of(kept)
        api = Mt5Api(kept.client, timedelta(minutes=zone))
        lists: dict[What, Callable[[Wanted], AsyncGenerator[Row, None]]] = {
            "accounts": api.accounts,
            "positions": api.positions,
            "orders": api.orders,
            "deals": api.deals,
            "symbols": api.symbols,
        }
        return lists[asked.what](_wanted(asked, WallClock(zone)))

    async def _open_database(
        self, platform: PlatformRow, ready: Checkable, asked: Asked, zone: int | None, opened: AsyncExitStack
    ) -> AsyncGenerator[Row, None]:
        reach = Reach(ready.credentials.host, ready.credentials.port, self._policy)
        await reach.name()
        connection = report_connection(ready.credentials)
        opened.push_async_callback(connection.end)
        await greeted(connection, reach)
        await encrypted(connection, ready.credentials)
        await signed_in(connection)
        schema = await Schema.read(platform.kind, connection)
        shape = (mt4_tables if platform.kind == "mt4" else mt5_tables).SHAPES[asked.what]
        if schema.missing or not schema.all_of(shape.table):
            raise NotOfferedBySource(schema.advice() if schema.missing else f"There is no table {shape.table}.")
        if zone is None:
            found = await zone_of(schema, connection)
            zone = found.minutes if found else 0
        clock = WallClock(zone)
        return read(shape, schema, connection, _wanted(asked, clock), clock, asked.most)

    async def _refused(self, platform: PlatformRow, source: Target, ready: Checkable, failure: Failed) -> Refusal:
        """A refusal of the credentials stops the schedule, too, and counts as a check that failed."""
        if failure.outcome == "right-missing":
            return NotOfferedBySource(failure.detail)
        if failure.outcome not in REFUSED:
            return SourceUnavailable(f"{failure.outcome}: {failure.detail}")
        step = Step("sign-in", failure.outcome, 0, failure.detail, True)
        result = Result.of(source, [step], self._store.clock(), None)
        await asyncio.to_thread(
            self._store.checked, platform.organization_id, platform.id, result, ready.version, "read"
        )
        return CredentialsRefused(f"{failure.outcome}: {failure.detail}")


_WHY: dict[Target, str] = {
    "api": "Over the live API, platforms with mt5-webapi or mt5-rest and API credentials can be read.",
    "db": "This platform has no credentials of a report database.",
}


async def _zone_of(kept: Kept) -> int:
    """Minutes east of UTC, as the server states it."""
    if kept.zone_minutes is None:
        offset = (await kept.client.time_settings()).zone.utcoffset(None)
        kept.zone_minutes = int((offset or timedelta(0)).total_seconds() // 60)
    return kept.zone_minutes


def _wanted(asked: Asked, clock: WallClock) -> Wanted:
    return Wanted(
        asked.login,
        None if asked.since is None else clock.wall(asked.since),
        None if asked.until is None else clock.wall(asked.until),
        asked.after,
    )


def _failure(error: Any) -> Failed:
    if isinstance(error, Failed):
        return error
    if isinstance(error, mt.MetaTraderError):
        return api_failed(error)
    if isinstance(error, MySQLError):
        return db_failed(error)
    return Failed("timeout", "Nothing came back in time.")
