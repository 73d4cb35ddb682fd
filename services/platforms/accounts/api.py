"""Routes that read platforms, for clients with accounts:read and members with platforms:read."""

import asyncio
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import JSONResponse, Response

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Scope
from kit.errors import Invalid, NotFound
from kit.http.fields import Instant
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, Paging
from platforms.accounts.csv_export import csv_response
from platforms.accounts.cursors import cursor_of, place_after
from platforms.accounts.model import MODELS, Account, Deal, Order, PersonalAccount, Position, Row, Symbol, What
from platforms.accounts.service import (
    Asked,
    CredentialsRefused,
    NotOfferedBySource,
    Reader,
    Source,
    SourceUnavailable,
)
from platforms.platforms.domain import NoCredentials, Target

_NOT_PERSONAL = len(Account.model_fields)

SourceParameter = Annotated[
    Target | None,
    Query(description="`api`: the live API. `db`: the report database. By default the one in the better state."),
]
Login = Annotated[int | None, Query(ge=1, lt=2**63, description="Only of this account.")]
OneLogin = Annotated[int, Path(ge=1, lt=2**63)]
Accept = Annotated[str, Header(include_in_schema=False)]


def routes(reader: Reader, guard: Guard) -> APIRouter:
    """All are refused while revoked permissions might not be known here."""
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

    async def chosen(acting: OrgPrincipal, platform: UUID, target: Target | None) -> Source:
        return await asyncio.to_thread(reader.source, acting.organization_id, platform, target)

    async def listed(
        acting: OrgPrincipal,
        platform: UUID,
        what: What,
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
            return await csv_response(reader.rows(source, Asked(what, login, since, until)), what, names)
        after = place_after(paging, source.reading, what, source.target)
        found = reader.rows(source, Asked(what, login, since, until, after, paging.limit))
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
        response_model=Page[PersonalAccount | Account],
        responses=common,
    )
    async def list_accounts(
        acting: Looker, platform: UUID, paging: Paged, source: SourceParameter = None, accept: Accept = "*/*"
    ) -> Response:
        """List trading accounts by login. Personal fields are for callers with accounts:read-personal."""
        return await listed(acting, platform, "accounts", paging, source, accept)

    @router.get(
        "/accounts/{login}",
        operation_id="get_account",
        response_model=PersonalAccount | Account,
        responses=common,
    )
    async def get_account(acting: Looker, platform: UUID, login: OneLogin, source: SourceParameter = None) -> Response:
        """Get a trading account. Personal fields are for callers with accounts:read-personal."""
        found = reader.rows(await chosen(acting, platform, source), Asked("accounts", login=login, most=1))
        async with aclosing(found):
            async for row in found:
                return JSONResponse(dict(zip(_names(acting, "accounts"), row, strict=False)))
        raise NotFound

    @router.get("/positions", operation_id="list_positions", response_model=Page[Position], responses=common)
    async def list_positions(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        source: SourceParameter = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """List open positions."""
        return await listed(acting, platform, "positions", paging, source, accept, login)

    @router.get("/orders", operation_id="list_orders", response_model=Page[Order], responses=common)
    async def list_orders(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        source: SourceParameter = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """List orders that are not filled yet."""
        return await listed(acting, platform, "orders", paging, source, accept, login)

    @router.get("/deals", operation_id="list_deals", response_model=Page[Deal], responses=common)
    async def list_deals(
        acting: Looker,
        platform: UUID,
        paging: Paged,
        since: Annotated[Instant | None, Query(alias="from", description="Only from this time on.")] = None,
        until: Annotated[Instant | None, Query(alias="to", description="Only before this time.")] = None,
        source: SourceParameter = None,
        login: Login = None,
        accept: Accept = "*/*",
    ) -> Response:
        """List deals: from the database by ticket, from the API by login and time."""
        return await listed(acting, platform, "deals", paging, source, accept, login, since, until)

    @router.get("/symbols", operation_id="list_symbols", response_model=Page[Symbol], responses=common)
    async def list_symbols(
        acting: Looker, platform: UUID, paging: Paged, source: SourceParameter = None, accept: Accept = "*/*"
    ) -> Response:
        """List symbols by name."""
        return await listed(acting, platform, "symbols", paging, source, accept)

    return router


def _names(acting: OrgPrincipal, what: What) -> list[str]:
    """The fields of a list that the caller may see."""
    names = list(MODELS[what].model_fields)
    personal = Scope.ACCOUNTS_READ_PERSONAL in acting.grant.permissions
    return names[:_NOT_PERSONAL] if what == "accounts" and not personal else names
