"""The tables of MetaTrader 5's SQL export, as the model shows them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platforms.accounts.model import (
    DEAL_ACTIONS,
    DEAL_ENTRIES,
    ORDER_STATES,
    ORDER_TYPES,
    SIDES,
    ListName,
    Place,
    Row,
    named,
)
from platforms.accounts.values import WallClock, decimal, lots, plain, price
from platforms.connectors.report_database.shapes import Shape

_ENABLED = 1


def _lots(volume: str | None, extended: str | None) -> str:
    """From 1/10000 lot, or from 1/100000000 lot where it is known."""
    return lots(int(extended), 8) if extended and extended != "0" else lots(int(volume or 0), 4)


def _account(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    (login, group, rights, registered, leverage, name, first, last, email, phone, country, city, address, currency,
     group_digits, balance, credit, own_balance, own_credit, equity, margin, free, level, profit) = row  # fmt: skip
    digits = int(group_digits or 2)

    def money(value: str | None) -> str | None:
        return None if value is None else decimal(value, digits)

    yield (
        int(login), group, currency, int(leverage or 0), bool(int(rights or 0) & _ENABLED),
        money(balance or own_balance or "0"), money(credit or own_credit or "0"), money(equity), money(margin),
        money(free), None if level is None else decimal(level, 2), money(profit), clock.utc(registered),
        clock.raw(registered), name or " ".join(filter(None, (first, last))) or None, email or None, phone or None,
        country or None, city or None, address or None,
    )  # fmt: skip


def _position(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    (ticket, login, symbol, action, volume, extended, opened, current, stop, take, profit, swap, created, comment,
     digits, currency_digits) = row  # fmt: skip
    places, money = int(digits or 5), int(currency_digits or 2)
    yield (
        int(ticket), int(login), symbol, named(SIDES, int(action)), _lots(volume, extended), decimal(opened, places),
        decimal(current, places), price(stop or "0", places), price(take or "0", places), decimal(profit, money),
        decimal(swap or "0", money), clock.utc(created), clock.raw(created), comment or "",
    )  # fmt: skip


def _order(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    (ticket, login, symbol, kind, state, initial, initial_ext, current, current_ext, at, trigger, stop, take, setup,
     expires, comment, digits) = row  # fmt: skip
    places = int(digits or 5)
    yield (
        int(ticket), int(login), symbol, named(ORDER_TYPES, int(kind)), named(ORDER_STATES, int(state)),
        _lots(initial, initial_ext), _lots(current, current_ext), decimal(at, places), price(trigger or "0", places),
        price(stop or "0", places), price(take or "0", places), clock.utc(setup), clock.raw(setup),
        clock.utc(expires), clock.raw(expires), comment or "",
    )  # fmt: skip


def _deal(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    (ticket, order, position, login, time, symbol, action, entry, volume, extended, at, profit, swap, commission, fee,
     comment, digits, currency_digits) = row  # fmt: skip
    kind, money = int(action), int(currency_digits or 2)
    trade = kind < 2
    yield (
        int(ticket), int(order or 0) or None, int(position or 0) or None, int(login), clock.utc(time),
        clock.raw(time), symbol or None, named(DEAL_ACTIONS, kind),
        named(DEAL_ENTRIES, int(entry or 0)) if trade else None, _lots(volume, extended),
        decimal(at, int(digits or 5)) if trade else None, decimal(profit, money), decimal(swap or "0", money),
        decimal(commission or "0", money), decimal(fee or "0", money), comment or "",
    )  # fmt: skip


def _symbol(row: Sequence[Any], clock: WallClock) -> Iterator[Row]:
    symbol, path, description, base, profit, digits, contract = row
    yield (
        symbol, path, description, base, profit, int(digits or 0), None if contract is None else plain(contract),
    )  # fmt: skip


def _deal_place(row: Row) -> Place:
    """By ticket. The second value is that of MT4's deals, of which two have one ticket."""
    return row[0], 1 if row[8] == "out" else 0


SHAPES: Mapping[ListName, Shape] = {
    "accounts": Shape(
        "mt5_users", "login",
        ("login", "group", "rights", "registration", "leverage", "name", "firstname", "lastname", "email", "phone",
         "country", "city", "address", "g.currency", "g.currencydigits", "a.balance", "a.credit", "balance", "credit",
         "a.equity", "a.margin", "a.marginfree", "a.marginlevel", "a.profit"),
        _account,
        joins={"a": ("mt5_accounts", "login"), "g": ("mt5_groups", "group")},
    ),
    "positions": Shape(
        "mt5_positions", "position",
        ("position", "login", "symbol", "action", "volume", "volumeext", "priceopen", "pricecurrent",
         "pricesl", "pricetp", "profit", "storage", "timecreate", "comment", "digits", "digitscurrency"),
        _position,
    ),
    "orders": Shape(
        "mt5_orders", "order",
        ("order", "login", "symbol", "type", "state", "volumeinitial", "volumeinitialext", "volumecurrent",
         "volumecurrentext", "priceorder", "pricetrigger", "pricesl", "pricetp", "timesetup", "timeexpiration",
         "comment", "digits"),
        _order,
    ),
    "deals": Shape(
        "mt5_deals", "deal",
        ("deal", "order", "positionid", "login", "time", "symbol", "action", "entry", "volume", "volumeext", "price",
         "profit", "storage", "commission", "fee", "comment", "digits", "digitscurrency"),
        _deal,
        place=_deal_place,
        times=("time",),
    ),
    "symbols": Shape(
        "mt5_symbols", "symbol",
        ("symbol", "path", "description", "currencybase", "currencyprofit", "digits", "contractsize"),
        _symbol,
        login=None,
    ),
}  # fmt: skip
