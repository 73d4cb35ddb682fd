"""Routes of data read from platforms, for clients with accounts:read and members with platforms:read."""

import asyncio
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import JSONResponse, Response

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Permission, Scope
from kit.errors import Invalid, NotFound
from kit.http.fields import Instant
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, Paging
from platforms.accounts.csv_export import csv_response
from platforms.accounts.cursors import cursor_of, place_after
from platforms.accounts.model import MODELS, Account, Deal, ListName, Order, PersonalAccount, Position, Row, Symbol
from platforms.accounts.service import (
    CredentialsRefused,
    NotOfferedBySource,
    Reader,
    ReadRequest,
    Source,
    SourceUnavailable,
)
from platforms.platforms.domain import NoCredentials, Target

_HIGHEST = 2**63 - 1
_NOT_PERSONAL = len(Account.model_fields)

SourceParameter = Annotated[
    Target | None,
    Query(
        description="Source of the data: the API or the report database. By default the one whose last check was ok.",
        examples=["api"],
    ),
]
Login = Annotated[
    int | None, Query(ge=1, le=_HIGHEST, description="Return rows of this account only.", examples=[100001])
]
OneLogin = Annotated[int, Path(ge=1, le=_HIGHEST, description="Login of the account.")]
Accept = Annotated[str, Header(include_in_schema=False)]


def routes(reader: Reader, guard: Guard) -> APIRouter:
    """Requests are refused while a revocation might not have arrived here."""
    router = APIRouter(prefix="/api/v1/organizations/{org}/platforms/{platform}", tags=["accounts"])
    Looker = Annotated[
        OrgPrincipal,
        Depends(guard.require_on_platform(Permission.PLATFORMS_READ, scope=Scope.ACCOUNTS_READ, fresh=True)),
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

    async def chosen(acting: OrgPrincipal, platform: UUID, target: Target | None) -> Source:
        return await asyncio.to_thread(reader.source, acting.organization_id, platform, target)

    async def listed(
        acting: OrgPrincipal,
        platform: UUID,
        what: ListName,
        paging: Paging,
        target: Target | None,
        accept: str,
        login: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Response:
        source = await chosen(acting, platform, target)
        names = _names(acting, what)
        if "text/csv" in accept.lower():
            return await csv_response(reader.rows(source, ReadRequest(what, login, since, until)), what, names)
        after = place_after(paging, source.reading, what, source.target)
        found = reader.rows(source, ReadRequest(what, login, since, until, after, paging.limit))
        taken: list[Row] = []
        async with aclosing(found):
            async for row in found:
                taken.append(row)
                if len(taken) > paging.limit:
                    break
        cursor = cursor_of(source.reading, what, source.target)
        page = paging.page(taken, lambda row: dict(zip(names, row, strict=False)), cursor)
        return JSONResponse(page.model_dump())

    @router.get(
        "/accounts",
        operation_id="list_accounts",
        summary="List the trading accounts of a platform",
        response_model=Page[PersonalAccount | Account],
        responses=common,
    )
    async def list_accounts(
        acting: Looker, platform: UUID, paging: Paged, source: SourceParameter = None, accept: Accept = "*/*"
    ) -> Response:
        """Returns the accounts, sorted by login. Personal data are included only for callers with
        accounts:read-personal. With `Accept: text/csv`, returns all rows in one answer. Requires accounts:read
        (clients) or platforms:read (members)."""
        return await listed(acting, platform, "accounts", paging, source, accept)

    @router.get(
        "/accounts/{login}",
        operation_id="get_account",
        summary="Get a trading account",
        response_model=PersonalAccount | Account,
        responses=common,
    )
    async def get_account(acting: Looker, platform: UUID, login: OneLogin, source: SourceParameter = None) -> Response:
        """Returns the account. Personal data are included only for callers with accounts:read-personal. Requires
        accounts:read (clients) or platforms:read (members)."""
        found = reader.rows(await chosen(acting, platform, source), ReadRequest("accounts", login=login, most=1))
        async with aclosing(found):
            async for row in found:
                return JSONResponse(dict(zip(_names(acting, "accounts"), row, strict=False)))
        raise NotFound

    @router.get(
        "/positions",
        operation_id="list_positions",
        summary="List the open positions of a platform",
        response_model=Page[Position],
        responses=common,
    )
    async def list_positions(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        source: SourceParameter = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """Returns the open positions. With `Accept: text/csv`, returns all rows in one answer. Requires accounts:read
        (clients) or platforms:read (members)."""
        return await listed(acting, platform, "positions", paging, source, accept, login)

    @router.get(
        "/orders",
        operation_id="list_orders",
        summary="List the pending orders of a platform",
        response_model=Page[Order],
        responses=common,
    )
    async def list_orders(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        source: SourceParameter = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """Returns the orders that are not filled yet. With `Accept: text/csv`, returns all rows in one answer. Requires
        accounts:read (clients) or platforms:read (members)."""
        return await listed(acting, platform, "orders", paging, source, accept, login)

    @router.get(
        "/deals",
        operation_id="list_deals",
        summary="List the deals of a platform",
        response_model=Page[Deal],
        responses=common,
    )
    async def list_deals(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        since: Annotated[
            Instant | None,
            Query(
                alias="from",
                description="Return deals at or after this time (RFC 3339).",
                examples=["2023-01-01T00:00:00Z"],
            ),
        ] = None,
        until: Annotated[
            Instant | None,
            Query(
                alias="to", description="Return deals before this time (RFC 3339).", examples=["2023-02-01T00:00:00Z"]
            ),
        ] = None,
        source: SourceParameter = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """Returns the deals: from the report database sorted by ticket, from the API by login and time. With `Accept:
        text/csv`, returns all rows in one answer. Requires accounts:read (clients) or platforms:read (members)."""
        return await listed(acting, platform, "deals", paging, source, accept, login, since, until)

    @router.get(
        "/symbols",
        operation_id="list_symbols",
        summary="List the symbols of a platform",
        response_model=Page[Symbol],
        responses=common,
    )
    async def list_symbols(
        acting: Looker, platform: UUID, paging: Paged, source: SourceParameter = None, accept: Accept = "*/*"
    ) -> Response:
        """Returns the symbols, sorted by name. With `Accept: text/csv`, returns all rows in one answer. Requires
        accounts:read (clients) or platforms:read (members)."""
        return await listed(acting, platform, "symbols", paging, source, accept)

    return router


def _names(acting: OrgPrincipal, what: ListName) -> list[str]:
    """The fields of a list that the caller may read."""
    names = list(MODELS[what].model_fields)
    personal = Scope.ACCOUNTS_READ_PERSONAL in acting.grant.permissions
    return names[:_NOT_PERSONAL] if what == "accounts" and not personal else names
