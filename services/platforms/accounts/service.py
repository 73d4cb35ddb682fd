"""Use cases of reading: choose a source of a platform, open it for one request, and read its lists."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.errors import Conflict, Refusal, Unavailable
from platforms.accounts.model import ListName, Place, Row, RowQuery
from platforms.accounts.values import WallClock
from platforms.checks.domain import Failed, Result, Step
from platforms.checks.outcomes import REFUSED
from platforms.checks.service import Checks
from platforms.connections.connector import NotOffered, Reading
from platforms.connections.sessions import Sessions
from platforms.connectors import installed
from platforms.credentials.service import CredentialService, Usable
from platforms.platforms.domain import ApiNotChosen, NoCredentials, Target
from platforms.platforms.service import Platforms
from platforms.platforms.views import PlatformRow
from platforms.store import Clock

_OPENING = 20.0  # seconds
_CHOICE = ("ok", "degraded", "unknown", "lost")


class NotOfferedBySource(Conflict):
    code = "not-offered-by-source"
    title = "The source does not support this request"


class CredentialsRefused(Conflict):
    """Trying on with credentials that the server refused could lock their account out."""

    code = "credentials-refused"
    title = "The platform rejected the credentials: correct them first"


class SourceUnavailable(Unavailable):
    code = "source-unavailable"
    title = "The platform does not respond"


@dataclass(frozen=True)
class ReadRequest:
    """`since` and `until` are instants; `most` rows will be taken, None for all."""

    what: ListName
    login: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: Place | None = None
    most: int | None = None

    def on_clock(self, clock: WallClock) -> RowQuery:
        """The same in the server's wall-clock time."""
        since = None if self.since is None else clock.wall(self.since)
        until = None if self.until is None else clock.wall(self.until)
        return RowQuery(self.what, self.login, since, until, self.after, self.most)


@dataclass(frozen=True)
class Source:
    """A source of a platform that was chosen, with credentials for one use."""

    organization_id: UUID
    platform_id: UUID
    target: Target
    usable: Usable
    reading: Reading


class Reader:
    """`rows` yields rows of the model; a caller that stops early must close it. Everything is read-only."""

    def __init__(
        self, platforms: Platforms, credentials: CredentialService, checks: Checks, sessions: Sessions, clock: Clock
    ) -> None:
        self._platforms = platforms
        self._credentials = credentials
        self._checks = checks
        self._sessions = sessions
        self._clock = clock

    def source(self, organization_id: UUID, platform_id: UUID, wanted: Target | None) -> Source:
        """The source that was asked for, or the one in the best state; the use of its credentials is recorded.

        Raises NotFound, NotOfferedBySource, NoCredentials, CredentialsRefused.
        """
        platform = self._platforms.get(organization_id, platform_id)
        target = self._choose(platform, wanted)
        usable = self._use(platform, target)
        if usable.connector.reading is None:
            raise NotOfferedBySource(_why(target))
        return Source(organization_id, platform_id, target, usable, usable.connector.reading)

    def _choose(self, platform: PlatformRow, wanted: Target | None) -> Target:
        offered = [target for target in _with_credentials(platform) if _is_readable(platform, target)]
        if wanted is not None:
            if wanted in offered:
                return wanted
            raise NotOfferedBySource(_why(wanted))
        if not offered:
            raise NoCredentials
        states = self._checks.states(platform.id)
        known = [(states.get(target, ("unknown", None))[0], target) for target in offered]
        return min(known, key=lambda each: _CHOICE.index(each[0]) if each[0] in _CHOICE else len(_CHOICE))[1]

    def _use(self, platform: PlatformRow, target: Target) -> Usable:
        state, reason = self._checks.states(platform.id).get(target, ("unknown", None))
        if state == "refused":
            raise CredentialsRefused(f"The last check ended with {reason}. Correct the {target} credentials.")
        try:
            return self._credentials.stored(platform.organization_id, platform.id, target, "read")
        except ApiNotChosen as error:
            raise NotOfferedBySource(_why("api")) from error

    async def rows(self, source: Source, asked: ReadRequest) -> AsyncGenerator[Row, None]:
        """Raises SourceUnavailable, CredentialsRefused, NotOfferedBySource, also in the middle of a long answer."""
        expected: tuple[type[Exception], ...] = (Failed, TimeoutError, OSError, *source.reading.errors)
        try:
            async with AsyncExitStack() as opened:
                async with asyncio.timeout(_OPENING):
                    found = await self._open(source, asked, opened)
                async with aclosing(found):
                    async for row in found:
                        yield row
        except NotOffered as error:
            raise NotOfferedBySource(str(error)) from error
        except expected as error:
            raise await self._refused(source, _failure(error, source.reading)) from error

    async def _open(self, source: Source, asked: ReadRequest, opened: AsyncExitStack) -> AsyncGenerator[Row, None]:
        zones = await asyncio.to_thread(self._checks.zones, source.platform_id)
        key = source.platform_id, source.usable.api, source.usable.version
        session = await opened.enter_async_context(
            self._sessions.session(key, source.reading, source.usable.credentials)
        )
        zone = zones.get(source.target)
        if zone is None:
            zone = await session.zone_minutes()
        return session.rows(asked.on_clock(WallClock(zone)), zone)

    async def _refused(self, source: Source, failure: Failed) -> Refusal:
        """A refusal of the credentials stops the schedule, too, and counts as a check that failed."""
        if failure.outcome == "right-missing":
            return NotOfferedBySource(failure.detail)
        if failure.outcome not in REFUSED:
            return SourceUnavailable(f"{failure.outcome}: {failure.detail}")
        step = Step("sign-in", failure.outcome, 0, failure.detail, True)
        result = Result.of(source.target, [step], self._clock(), None)
        await asyncio.to_thread(
            self._checks.record, source.organization_id, source.platform_id, result, source.usable.version, "read"
        )
        return CredentialsRefused(f"{failure.outcome}: {failure.detail}")


def _with_credentials(platform: PlatformRow) -> list[Target]:
    offered: list[Target] = []
    if platform.api_credentials is not None:
        offered.append("api")
    if platform.db_credentials is not None:
        offered.append("db")
    return offered


def _is_readable(platform: PlatformRow, target: Target) -> bool:
    connector = installed().find(target, platform.kind, platform.api)
    return connector is not None and connector.reading is not None


def _why(target: Target) -> str:
    if target == "db":
        return "The platform has no credentials for a report database."
    readable = [one.name for one in installed().of_target("api") if one.reading is not None]
    return f"Reading from the API requires {' or '.join(readable)} and API credentials."


def _failure(error: Exception, reading: Reading) -> Failed:
    if isinstance(error, Failed):
        return error
    if isinstance(error, reading.errors):
        return reading.failed(error)
    return Failed("timeout", "The server did not respond in time.")
