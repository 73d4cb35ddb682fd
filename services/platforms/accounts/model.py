"""The one model of what is read. Numbers of money, prices and lots are decimal strings, times are UTC; next to each
time is the server's wall-clock time (`…_raw`), from which it was made by the platform's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

What = Literal["accounts", "positions", "orders", "deals", "symbols"]
Row = tuple[Any, ...]
"""Values in the order of a model's fields."""
Place = tuple[int | str, ...]
"""The position of a row in the order of its list."""


class Account(BaseModel):
    """`margin_level` is in percent; `profit` that of open positions."""

    login: int
    group: str
    currency: str | None
    leverage: int
    enabled: bool | None
    balance: str
    credit: str
    equity: str | None
    margin: str | None
    margin_free: str | None
    margin_level: str | None
    profit: str | None
    registered_at: str | None
    registered_at_raw: str | None


class PersonalAccount(Account):
    """With personal fields, for callers with accounts:read-personal."""

    name: str | None
    email: str | None
    phone: str | None
    country: str | None
    city: str | None
    address: str | None


class Position(BaseModel):
    ticket: int
    login: int
    symbol: str
    side: str
    volume: str
    price_open: str
    price_current: str
    stop_loss: str | None
    take_profit: str | None
    profit: str
    swap: str
    opened_at: str | None
    opened_at_raw: str | None
    comment: str


class Order(BaseModel):
    """An order that is not filled yet."""

    ticket: int
    login: int
    symbol: str
    type: str
    state: str
    volume_initial: str
    volume_current: str
    price: str
    price_trigger: str | None
    stop_loss: str | None
    take_profit: str | None
    placed_at: str | None
    placed_at_raw: str | None
    expires_at: str | None
    expires_at_raw: str | None
    comment: str


class Deal(BaseModel):
    """A change of a balance. `action`: buy, sell, balance, credit…; `entry`: in, out, in-out, out-by, null for money.
    A trade of MT4 that is closed is two deals of one ticket."""

    ticket: int
    order: int | None
    position: int | None
    login: int
    time: str | None
    time_raw: str | None
    symbol: str | None
    action: str
    entry: str | None
    volume: str
    price: str | None
    profit: str
    swap: str
    commission: str
    fee: str
    comment: str


class Symbol(BaseModel):
    symbol: str
    path: str | None
    description: str | None
    currency_base: str | None
    currency_profit: str | None
    digits: int
    contract_size: str | None


MODELS: Mapping[What, type[BaseModel]] = {
    "accounts": PersonalAccount,
    "positions": Position,
    "orders": Order,
    "deals": Deal,
    "symbols": Symbol,
}

SIDES = ("buy", "sell")
ORDER_TYPES = (
    "buy", "sell", "buy-limit", "sell-limit", "buy-stop", "sell-stop", "buy-stop-limit", "sell-stop-limit", "close-by",
)  # fmt: skip
ORDER_STATES = (
    "started", "placed", "cancelled", "partial", "filled", "rejected", "expired", "request-add", "request-modify",
    "request-cancel",
)  # fmt: skip
DEAL_ACTIONS = (
    "buy", "sell", "balance", "credit", "charge", "correction", "bonus", "commission", "commission-daily",
    "commission-monthly", "agent-daily", "agent-monthly", "interest", "buy-cancelled", "sell-cancelled", "dividend",
    "franked-dividend", "tax", "agent", "stop-out-compensation", "stop-out-credit",
)  # fmt: skip
DEAL_ENTRIES = ("in", "out", "in-out", "out-by")


@dataclass(frozen=True)
class Wanted:
    """Which rows of which list. `since` (included) and `until` (excluded) are wall-clock times of the server,
    `YYYY-MM-DD hh:mm:ss`; `after` is the place at which the page before ended; `most` rows will be taken, None for
    all."""

    what: What
    login: int | None = None
    since: str | None = None
    until: str | None = None
    after: Place | None = None
    most: int | None = None


def named(names: tuple[str, ...], number: int) -> str:
    """A code's name; newer servers may know more codes than we do."""
    return names[number] if 0 <= number < len(names) else f"code-{number}"
