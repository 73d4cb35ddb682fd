"""Reads the MetaTrader 5 Web API into the model. Lists go account by account, by login."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from kit.errors import Invalid
from metatrader import Mt5Client
from metatrader import errors as mt
from metatrader.models import Account, Deal, Moment, Order, Position, User, UserRights
from platforms.accounts.model import (
    DEAL_ACTIONS,
    DEAL_ENTRIES,
    ORDER_STATES,
    ORDER_TYPES,
    SIDES,
    ListName,
    Place,
    Row,
    RowQuery,
    named,
)
from platforms.accounts.values import decimal, plain, price

T = TypeVar("T", Position, Order)

_AT_ONCE = 4
_BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_UNSET = "1970-01-01 00:00:00"


class WebApiLists:
    """Lists over one signed-in client whose zone is UTC, so that its times are the server's wall clock."""

    def __init__(self, client: Mt5Client, zone: timedelta) -> None:
        self._client = client
        self._zone = zone
        self._currencies: dict[str, str] = {}

    def rows(self, wanted: RowQuery) -> AsyncGenerator[Row, None]:
        lists: Mapping[ListName, Callable[[RowQuery], AsyncGenerator[Row, None]]] = {
            "accounts": self.accounts,
            "positions": self.positions,
            "orders": self.orders,
            "deals": self.deals,
            "symbols": self.symbols,
        }
        return lists[wanted.what](wanted)

    async def accounts(self, wanted: RowQuery) -> AsyncGenerator[Row, None]:
        logins = await self._logins(wanted, beyond=True)
        for start in range(0, len(logins), _AT_ONCE):
            found = await asyncio.gather(*map(self._account, logins[start : start + _AT_ONCE]))
            for row in found:
                if row is not None:
                    yield row

    async def positions(self, wanted: RowQuery) -> AsyncGenerator[Row, None]:
        for login in await self._logins(wanted):
            for one in await _by_ticket(self._client.positions(login)):
                if _beyond((login, one.ticket), wanted):
                    yield self._position(one)

    async def orders(self, wanted: RowQuery) -> AsyncGenerator[Row, None]:
        for login in await self._logins(wanted):
            for one in await _by_ticket(self._client.orders(login)):
                if _beyond((login, one.ticket), wanted):
                    yield self._order(one)

    async def deals(self, wanted: RowQuery) -> AsyncGenerator[Row, None]:
        """Of each account in the order of time; the page before ended at (login, wall clock, ticket)."""
        start = _wall(wanted.since) or _BEGINNING
        end = (_wall(wanted.until) or datetime.now(UTC) + self._zone + timedelta(days=1)) - _SECOND
        for login in await self._logins(wanted):
            resumed = wanted.after if wanted.after and wanted.after[0] == login else None
            since = max(start, _wall(str(resumed[1])) or start) if resumed else start
            async for one in _by_second(self._client.deals(login, since, end)):
                if resumed is None or (self._raw(one.time) or _UNSET, one.ticket) > resumed[1:]:
                    yield self._deal(one)

    async def symbols(self, wanted: RowQuery) -> AsyncGenerator[Row, None]:
        """In the server's own order. Raises Invalid when the symbol at which the page before ended has gone."""
        waiting = wanted.after is not None
        async for one in self._client.symbols():
            if not waiting:
                yield (
                    one.symbol, one.path or None, one.description or None, one.currency_base or None,
                    one.currency_profit or None, one.digits, plain(one.contract_size),
                )  # fmt: skip
            elif wanted.after is not None and one.symbol == wanted.after[0]:
                waiting = False
        if waiting:
            raise Invalid("cursor", "refers to a symbol that was removed: start again without a cursor")

    async def _logins(self, wanted: RowQuery, *, beyond: bool = False) -> list[int]:
        """Accounts in the order of their logins, from the one at which the page before ended (or beyond it)."""
        logins = [wanted.login] if wanted.login is not None else sorted(await self._client.user_logins())
        if wanted.after is None:
            return logins
        last = int(wanted.after[0])
        return [login for login in logins if login > last or (login == last and not beyond)]

    async def _account(self, login: int) -> Row | None:
        try:
            user, account = await asyncio.gather(self._client.user(login), self._client.account(login))
            return self._shown(user, account, await self._currency(user.group))
        except mt.NotFound:
            return None  # deleted meanwhile, or not visible

    async def _currency(self, group: str) -> str | None:
        if group not in self._currencies:
            try:
                self._currencies[group] = (await self._client.group(group)).currency
            except (mt.NotFound, mt.PermissionDenied):
                self._currencies[group] = ""
        return self._currencies[group] or None

    def _shown(self, user: User, account: Account, currency: str | None) -> Row:
        digits = account.currency_digits
        return (
            user.login, user.group, currency, user.leverage, UserRights.ENABLED in user.rights,
            decimal(account.balance, digits), decimal(account.credit, digits), decimal(account.equity, digits),
            decimal(account.margin, digits), decimal(account.margin_free, digits), decimal(account.margin_level, 2),
            decimal(account.profit, digits), self._utc(user.registration), self._raw(user.registration),
            user.name or " ".join(filter(None, (user.first_name, user.last_name))) or None, user.email or None,
            user.phone or None, user.country or None, user.city or None, user.address or None,
        )  # fmt: skip

    def _position(self, one: Position) -> Row:
        digits, money = one.digits, one.currency_digits
        return (
            one.ticket, one.login, one.symbol, named(SIDES, one.action), _lots(one.volume),
            decimal(one.price_open, digits), decimal(one.price_current, digits), price(one.price_sl, digits),
            price(one.price_tp, digits), decimal(one.profit, money), decimal(one.swap, money),
            self._utc(one.time_create), self._raw(one.time_create), one.comment,
        )  # fmt: skip

    def _order(self, one: Order) -> Row:
        digits = one.digits
        return (
            one.ticket, one.login, one.symbol, named(ORDER_TYPES, one.type), named(ORDER_STATES, one.state),
            _lots(one.volume_initial), _lots(one.volume_current), decimal(one.price_order, digits),
            price(one.price_trigger, digits), price(one.price_sl, digits), price(one.price_tp, digits),
            self._utc(one.time_setup), self._raw(one.time_setup), self._utc(one.time_expiration),
            self._raw(one.time_expiration), one.comment,
        )  # fmt: skip

    def _deal(self, one: Deal) -> Row:
        money, trade = one.currency_digits, one.action < 2
        return (
            one.ticket, one.order or None, one.position or None, one.login, self._utc(one.time), self._raw(one.time),
            one.symbol or None, named(DEAL_ACTIONS, one.action), named(DEAL_ENTRIES, one.entry) if trade else None,
            _lots(one.volume), decimal(one.price, one.digits) if trade else None, decimal(one.profit, money),
            decimal(one.swap, money), decimal(one.commission, money), decimal(one.fee, money), one.comment,
        )  # fmt: skip

    def _utc(self, time: Moment | None) -> str | None:
        return None if time is None else (time.utc - self._zone).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _raw(self, time: Moment | None) -> str | None:
        return None if time is None else time.utc.strftime("%Y-%m-%d %H:%M:%S")


async def _by_ticket(rows: AsyncIterator[T]) -> list[T]:
    """What one account has now, in an order that holds from page to page; servers have their own."""
    return sorted([one async for one in rows], key=lambda one: one.ticket)


async def _by_second(deals: AsyncIterator[Deal]) -> AsyncGenerator[Deal, None]:
    """Deals come in the order of time; those of one second are put in the order of their tickets."""
    same: list[Deal] = []
    async for one in deals:
        if same and one.time != same[0].time:
            for each in sorted(same, key=lambda deal: deal.ticket):
                yield each
            same.clear()
        same.append(one)
    for each in sorted(same, key=lambda deal: deal.ticket):
        yield each


def place(what: ListName, row: Row) -> Place:
    """By login; positions and orders then by ticket, deals by wall-clock time and ticket."""
    if what in ("positions", "orders"):
        return row[1], row[0]
    return (row[3], row[5] or _UNSET, row[0]) if what == "deals" else (row[0],)


def _lots(volume: Decimal) -> str:
    """With two decimals or as many more as it needs, as tables show them."""
    whole, _, fraction = f"{volume:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


def _beyond(place: tuple[int, int], wanted: RowQuery) -> bool:
    return wanted.after is None or place > wanted.after


def _wall(wall: str | None) -> datetime | None:
    return None if wall is None else datetime.fromisoformat(wall).replace(tzinfo=UTC)
