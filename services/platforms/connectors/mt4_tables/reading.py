"""The tables of MetaTrader 4's report server, as the model shows them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platforms.accounts.model import DEAL_ENTRIES, ORDER_TYPES, SIDES, ListName, Place, Row
from platforms.accounts.values import WallClock, decimal, lots, price
from platforms.connectors.report_database.shapes import Shape

_OPEN = "1970-01-01 00:00:00"  # the CLOSE_TIME of what is not closed
_MONEY = 2
_ACTIONS = {6: "balance", 7: "credit"}


def _account(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    (login, group, currency, leverage, enabled, balance, credit, equity, margin, free, level, registered, name, email,
     phone, country, city, address) = row  # fmt: skip

    def money(value: str | None) -> str | None:
        return None if value is None else decimal(value, _MONEY)

    profit = None if equity is None else decimal(float(equity) - float(balance) - float(credit or 0), _MONEY)
    yield (
        int(login), group, currency or None, int(leverage or 0), bool(int(enabled or 0)), money(balance),
        money(credit or "0"), money(equity), money(margin), money(free), money(level), profit, clock.utc(registered),
        clock.raw(registered), name or None, email or None, phone or None, country or None, city or None,
        address or None,
    )  # fmt: skip


def _position(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    ticket, login, symbol, command, volume, opened, at, current, stop, take, profit, swap, comment, digits = row
    places = int(digits or 5)
    yield (
        int(ticket), int(login), symbol, SIDES[int(command)], lots(int(volume), 2), decimal(at, places),
        decimal(current, places), price(stop, places), price(take, places), decimal(profit, _MONEY),
        decimal(swap, _MONEY), clock.utc(opened), clock.raw(opened), comment,
    )  # fmt: skip


def _order(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    ticket, login, symbol, command, volume, opened, at, stop, take, expires, comment, digits = row
    places = int(digits or 5)
    yield (
        int(ticket), int(login), symbol, ORDER_TYPES[int(command)], "placed", lots(int(volume), 2),
        lots(int(volume), 2), decimal(at, places), None, price(stop, places), price(take, places), clock.utc(opened),
        clock.raw(opened), clock.utc(expires), clock.raw(expires), comment,
    )  # fmt: skip


def _deals(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    """A trade's opening, and its closing with the money; of a balance operation its money."""
    (ticket, login, symbol, command, volume, opened, at, closed, closed_at, profit, swap, commission, taxes, comment,
     digits) = row  # fmt: skip
    kind, places = int(command), int(digits or 5)
    ours = int(ticket)
    # MT4's taxes are what MT5 calls a fee: both are added to what the trade brought.
    money = decimal(profit, _MONEY), decimal(swap, _MONEY), decimal(commission, _MONEY), decimal(taxes, _MONEY)
    none = ("0.00",) * 4
    if kind > 1:
        yield (
            ours, None, None, int(login), clock.utc(opened), clock.raw(opened), None, _ACTIONS[kind], None, "0.00",
            None, *money, comment,
        )  # fmt: skip
        return
    size = lots(int(volume), 2)
    yield (
        ours, ours, ours, int(login), clock.utc(opened), clock.raw(opened), symbol, SIDES[kind], "in", size,
        decimal(at, places), *none, comment,
    )  # fmt: skip
    if not closed.startswith("1970"):
        yield (
            ours, ours, ours, int(login), clock.utc(closed), clock.raw(closed), symbol, SIDES[1 - kind], "out", size,
            decimal(closed_at, places), *money, comment,
        )  # fmt: skip


def _symbol(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    symbol, digits = row
    yield symbol, None, None, None, None, int(digits or 0), None


def _deal_place(row: Row) -> Place:
    """Of the deals of one ticket, the opening first."""
    return row[0], DEAL_ENTRIES.index(row[8]) if row[8] else 0


SHAPES: Mapping[ListName, Shape] = {
    "accounts": Shape(
        "mt4_users", "login",
        ("login", "group", "currency", "leverage", "enable", "balance", "credit", "equity", "margin", "margin_free",
         "margin_level", "regdate", "name", "email", "phone", "country", "city", "address"),
        _account,
    ),
    "positions": Shape(
        "mt4_trades", "ticket",
        ("ticket", "login", "symbol", "cmd", "volume", "open_time", "open_price", "close_price", "sl", "tp", "profit",
         "swaps", "comment", "digits"),
        _position,
        only={"cmd": (0, 1), "close_time": (_OPEN,)},
    ),
    "orders": Shape(
        "mt4_trades", "ticket",
        ("ticket", "login", "symbol", "cmd", "volume", "open_time", "open_price", "sl", "tp", "expiration", "comment",
         "digits"),
        _order,
        only={"cmd": (2, 3, 4, 5), "close_time": (_OPEN,)},
    ),
    "deals": Shape(
        "mt4_trades", "ticket",
        ("ticket", "login", "symbol", "cmd", "volume", "open_time", "open_price", "close_time", "close_price",
         "profit", "swaps", "commission", "taxes", "comment", "digits"),
        _deals,
        place=_deal_place,
        times=("open_time", "close_time"),
        only={"cmd": (0, 1, 6, 7)},
    ),
    "symbols": Shape("mt4_prices", "symbol", ("symbol", "digits"), _symbol, login=None),
}  # fmt: skip
