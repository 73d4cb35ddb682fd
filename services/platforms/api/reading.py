"""Routes of what is read from platforms, for programs with accounts:read and members with platforms:read."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Scope
from kit.errors import Invalid, NotFound
from kit.http.fields import Instant
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, Paging
from platforms.application import Platforms
from platforms.domain import NoCredentials, Target
from platforms.reading.model import MODELS, Account, Deal, Order, PersonalAccount, Position, Row, Symbol
from platforms.reading.reader import (
    Asked,
    CredentialsRefused,
    NotOfferedBySource,
    Reader,
    SourceUnavailable,
    What,
)

_BATCH = 500  # rows of one piece of CSV
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_TEXTS = frozenset({"group", "comment", "name", "email", "phone", "country", "city", "address", "path", "description"})
_NOT_PERSONAL = len(Account.model_fields)

_SOUND = re.compile(r"[^\0-\x1f\ud800-\udfff]{0,200}")
_CLOCK, _CLOCK_FORM = "2026-03-02 09:30:00", "%Y-%m-%d %H:%M:%S"

Source = Annotated[
    Target | None, Query(description="the live API or the report database; by default the one that is ok")
]
Login = Annotated[int | None, Query(ge=1, lt=2**63, description="of this account only")]
OneLogin = Annotated[int, Path(ge=1, lt=2**63)]
Accept = Annotated[str, Header(include_in_schema=False)]
_UNSET = "1970-01-01 00:00:00"
Where = Callable[[Row], Sequence[int | str | None]]

_BY_LOGIN: Where = lambda row: (row[0],)  # noqa: E731 - one line in a table of such
_PLACES: dict[tuple[What, Target], Where] = {
    ("positions", "api"): lambda row: (row[1], row[0]),
    ("orders", "api"): lambda row: (row[1], row[0]),
    ("deals", "api"): lambda row: (row[3], row[5] or _UNSET, row[0]),
    ("deals", "db"): lambda row: (row[0], 1 if row[8] == "out" else 0),
}
"""Where a row stands in the order of its list, so that the next page can begin behind it; mostly by its first value."""


def routes(store: Platforms, reader: Reader, guard: Guard) -> APIRouter:
    """All are refused while withdrawn rights might not be known here."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}", tags=["accounts"])
    Looker = Annotated[
        OrgPrincipal, Depends(guard.require_on_platform("platforms:read", scope=Scope.ACCOUNTS_READ, fresh=True))
    ]
    common: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/csv": {}}},
        **refusals(
            NotFound,
            MissingPermission,
            NotOfferedBySource,
            CredentialsRefused,
            NoCredentials,
            Invalid,
            SourceUnavailable,
        ),
    }

    async def rows(
        acting: OrgPrincipal, platform: UUID, source: Target | None, asked: Callable[[Target], Asked]
    ) -> tuple[Target, AsyncGenerator[Row, None]]:
        def ready() -> tuple[Any, Target, Any]:
            row = store.views.find(acting.organization_id, platform)
            if row is None:
                raise NotFound
            chosen = reader.choose(row, source)
            return row, chosen, reader.credentials(row, chosen)

        found, chosen, credentials = await asyncio.to_thread(ready)
        return chosen, reader.rows(found, chosen, credentials, asked(chosen))

    async def listed(
        acting: OrgPrincipal,
        platform: UUID,
        what: What,
        paging: Paging,
        source: Target | None,
        accept: str,
        login: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Response:
        exported = "text/csv" in accept.lower()

        def asked(chosen: Target) -> Asked:
            after = None if exported else _after(paging, what, chosen)
            return Asked(what, login, since, until, after, None if exported else paging.limit)

        chosen, found = await rows(acting, platform, source, asked)
        width = _width(acting, what)
        if exported:
            return await _csv(found, what, width)
        taken: list[Row] = []
        async with aclosing(found):
            async for row in found:
                taken.append(row)
                if len(taken) > paging.limit:
                    break
        names = list(MODELS[what].model_fields)[:width]
        page = paging.page(taken, lambda row: dict(zip(names, row, strict=False)), _place(what, chosen))
        return JSONResponse(page.model_dump())

    @router.get(
        "/accounts",
        operation_id="list_accounts",
        response_model=Page[PersonalAccount | Account],
        responses=common,
    )
    async def list_accounts(
        acting: Looker, platform: UUID, paging: Paged, source: Source = None, accept: Accept = "*/*"
    ) -> Response:
        """By login. What is known about the person is there for those with accounts:read-personal."""
        return await listed(acting, platform, "accounts", paging, source, accept)

    @router.get(
        "/accounts/{login}",
        operation_id="get_account",
        response_model=PersonalAccount | Account,
        responses=common,
    )
    async def get_account(acting: Looker, platform: UUID, login: OneLogin, source: Source = None) -> Response:
        """What is known about the person is there for those with accounts:read-personal."""
        _, found = await rows(acting, platform, source, lambda _: Asked("accounts", login=login, most=1))
        async with aclosing(found):
            async for row in found:
                names = list(PersonalAccount.model_fields)[: _width(acting, "accounts")]
                return JSONResponse(dict(zip(names, row, strict=False)))
        raise NotFound

    @router.get("/positions", operation_id="list_positions", response_model=Page[Position], responses=common)
    async def list_positions(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        source: Source = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """Open positions."""
        return await listed(acting, platform, "positions", paging, source, accept, login)

    @router.get("/orders", operation_id="list_orders", response_model=Page[Order], responses=common)
    async def list_orders(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        source: Source = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """Orders that are not filled yet."""
        return await listed(acting, platform, "orders", paging, source, accept, login)

    @router.get("/deals", operation_id="list_deals", response_model=Page[Deal], responses=common)
    async def list_deals(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        since: Annotated[Instant | None, Query(alias="from", description="this time or later")] = None,
        until: Annotated[Instant | None, Query(alias="to", description="earlier than this time")] = None,
        source: Source = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """From the database by ticket, from the API by login and time."""
        return await listed(acting, platform, "deals", paging, source, accept, login, since, until)

    @router.get("/symbols", operation_id="list_symbols", response_model=Page[Symbol], responses=common)
    async def list_symbols(
        acting: Looker, platform: UUID, paging: Paged, source: Source = None, accept: Accept = "*/*"
    ) -> Response:
        """By name."""
        return await listed(acting, platform, "symbols", paging, source, accept)

    return router


def _width(acting: OrgPrincipal, what: What) -> int:
    """How many of a row's values the caller may see."""
    personal = Scope.ACCOUNTS_READ_PERSONAL in acting.grant.permissions
    return _NOT_PERSONAL if what == "accounts" and not personal else len(MODELS[what].model_fields)


def _place(what: What, source: Target) -> Callable[[Row], list[int | str | None]]:
    where = _PLACES.get((what, source), _BY_LOGIN)
    return lambda row: [source, *where(row)]


def _after(paging: Paging, what: What, source: Target) -> tuple[int | str, ...] | None:
    """Where the page before ended. Raises Invalid for the cursor of another list or source."""
    if paging.after is None:
        return None
    example = _PLACES.get((what, source), _BY_LOGIN)(_EXAMPLES[what])
    name, *given = paging.after or [None]
    if name != source or len(given) != len(example) or not all(map(_fits, given, example)):
        raise Invalid("cursor", "is not one that this list gave for this source; take next_cursor as it is")
    return tuple(given)


def _fits(given: int | str, example: int | str | None) -> bool:
    """Cursors are not signed: what comes is looked at as closely as any other input."""
    if isinstance(example, int):
        return type(given) is int and 0 <= given < 2**64
    if not isinstance(given, str) or not _SOUND.fullmatch(given):
        return False
    if example != _CLOCK:
        return True
    try:
        return datetime.fromisoformat(given).strftime(_CLOCK_FORM) == given
    except ValueError:
        return False


_EXAMPLES: dict[What, Row] = {
    "accounts": (1,),
    "positions": (1, 1),
    "orders": (1, 1),
    "deals": (1, 1, 1, 1, "", _CLOCK, "", "", ""),
    "symbols": ("",),
}


async def _csv(found: AsyncGenerator[Row, None], what: What, width: int) -> StreamingResponse:
    names = list(MODELS[what].model_fields)[:width]
    pieces = _pieces(found, names)
    first = await anext(pieces)  # while a failure can still be told by the status

    async def all_pieces() -> AsyncIterator[str]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{what}.csv"'}
    return StreamingResponse(all_pieces(), media_type="text/csv", headers=headers)


async def _pieces(found: AsyncGenerator[Row, None], names: list[str]) -> AsyncGenerator[str, None]:
    texts = [index for index, name in enumerate(names) if name in _TEXTS]
    width = len(names)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    batch: list[Any] = []
    async with aclosing(found):
        async for row in found:
            batch.append(_guarded(row[:width], texts))
            if len(batch) >= _BATCH:
                writer.writerows(batch)
                batch.clear()
                yield _taken(text)
    writer.writerows(batch)
    yield _taken(text)


def _guarded(row: Row, texts: list[int]) -> Sequence[Any]:
    """No spreadsheet takes what people have written for a formula."""
    if not any(row[index] and row[index].lstrip(" \n").startswith(_FORMULA) for index in texts):
        return row
    return [f"'{value}" if index in texts and value else value for index, value in enumerate(row)]


def _taken(text: io.StringIO) -> str:
    taken = text.getvalue()
    text.seek(0)
    text.truncate()
    return taken
