"""The model of data read from platforms. Money, prices and lots are decimal strings. Each time is given in UTC and as
on the server's clock (`…_raw`), from which the platform's time zone gives the UTC time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

ListName = Literal["accounts", "positions", "orders", "deals", "symbols"]
Row = tuple[Any, ...]
"""Values in the order of a model's fields."""
Place = tuple[int | str, ...]
"""The position of a row in the order of its list."""


class Account(BaseModel):
    """A trading account."""

    login: int = Field(description="Login of the account.", examples=[100001])
    group: str = Field(description="Group of the account on the server.", examples=["real\\standard"])
    currency: str | None = Field(
        description="Currency of the account, usually ISO 4217; null if it is not known.", examples=["USD"]
    )
    leverage: int = Field(description="Leverage: 100 is 1:100.", examples=[100])
    enabled: bool | None = Field(
        description="Whether the account can sign in; null if it is not known.", examples=[True]
    )
    balance: str = Field(
        description="Balance, in the currency of the account, as a decimal string.", examples=["9921.95"]
    )
    credit: str = Field(description="Credit, in the currency of the account, as a decimal string.", examples=["0.00"])
    equity: str | None = Field(
        description="Equity, in the currency of the account, as a decimal string; null if it is not known.",
        examples=["9882.58"],
    )
    margin: str | None = Field(
        description="Used margin, in the currency of the account, as a decimal string; null if it is not known.",
        examples=["54.00"],
    )
    margin_free: str | None = Field(
        description="Free margin, in the currency of the account, as a decimal string; null if it is not known.",
        examples=["9828.58"],
    )
    margin_level: str | None = Field(
        description="Margin level in percent, as a decimal string; null if it is not known.", examples=["18301.07"]
    )
    profit: str | None = Field(
        description="Profit of open positions, in the currency of the account, "
        "as a decimal string; null if it is not known.",
        examples=["-39.37"],
    )
    registered_at: str | None = Field(
        description="Time of registration (RFC 3339, UTC); null if it is not known.", examples=["2023-01-02T12:42:48Z"]
    )
    registered_at_raw: str | None = Field(
        description="Time of registration, on the clock of the server; null if it is not known.",
        examples=["2023-01-02 14:42:48"],
    )


class PersonalAccount(Account):
    """A trading account with personal data, for callers with the scope accounts:read-personal."""

    name: str | None = Field(description="Name of the trader; null if it is not known.", examples=["Grace Example"])
    email: str | None = Field(
        description="Email address of the trader; null if it is not known.", examples=["grace@broker.example"]
    )
    phone: str | None = Field(
        description="Phone number of the trader; null if it is not known.", examples=["+44 20 7946 0000"]
    )
    country: str | None = Field(
        description="Country of the trader; null if it is not known.", examples=["United Kingdom"]
    )
    city: str | None = Field(description="City of the trader; null if it is not known.", examples=["London"])
    address: str | None = Field(
        description="Street address of the trader; null if it is not known.", examples=["1 Example Street"]
    )


class Position(BaseModel):
    """An open position."""

    ticket: int = Field(description="Ticket of the position.", examples=[500162])
    login: int = Field(description="Login of the account.", examples=[100001])
    symbol: str = Field(description="Name of the symbol.", examples=["EURUSD"])
    side: str = Field(description="`buy` or `sell`.", examples=["sell"])
    volume: str = Field(description="Volume in lots, as a decimal string.", examples=["0.28"])
    price_open: str = Field(
        description="Price at which the position was opened, as a decimal string.", examples=["1.09157"]
    )
    price_current: str = Field(description="Current price, as a decimal string.", examples=["1.08905"])
    stop_loss: str | None = Field(
        description="Stop loss price, as a decimal string; null if it is not set.", examples=[None]
    )
    take_profit: str | None = Field(
        description="Take profit price, as a decimal string; null if it is not set.", examples=[None]
    )
    profit: str = Field(
        description="Floating profit, in the currency of the account, as a decimal string.", examples=["107.31"]
    )
    swap: str = Field(description="Swap, in the currency of the account, as a decimal string.", examples=["0.00"])
    opened_at: str | None = Field(
        description="Time of opening (RFC 3339, UTC); null if it is not known.", examples=["2024-10-02T13:42:44Z"]
    )
    opened_at_raw: str | None = Field(
        description="Time of opening, on the clock of the server; null if it is not known.",
        examples=["2024-10-02 15:42:44"],
    )
    comment: str = Field(description="Comment on the position.", examples=[""])


class Order(BaseModel):
    """An order that is not filled yet."""

    ticket: int = Field(description="Ticket of the order.", examples=[500164])
    login: int = Field(description="Login of the account.", examples=[100001])
    symbol: str = Field(description="Name of the symbol.", examples=["USDJPY"])
    type: str = Field(
        description="Type, such as `buy-limit` or `sell-stop`; `code-` and a number for a type that is not known here.",
        examples=["buy-stop"],
    )
    state: str = Field(
        description="State, such as `placed` or `partial`; `code-` and a number for a state that is not known here.",
        examples=["placed"],
    )
    volume_initial: str = Field(description="Ordered volume in lots, as a decimal string.", examples=["0.12"])
    volume_current: str = Field(
        description="Volume in lots that is not filled yet, as a decimal string.", examples=["0.12"]
    )
    price: str = Field(description="Order price, as a decimal string.", examples=["150.079"])
    price_trigger: str | None = Field(
        description="Trigger price of a stop limit order, as a decimal string; null if it is not set.", examples=[None]
    )
    stop_loss: str | None = Field(
        description="Stop loss price, as a decimal string; null if it is not set.", examples=[None]
    )
    take_profit: str | None = Field(
        description="Take profit price, as a decimal string; null if it is not set.", examples=[None]
    )
    placed_at: str | None = Field(
        description="Time of placing (RFC 3339, UTC); null if it is not known.", examples=["2024-10-03T10:38:33Z"]
    )
    placed_at_raw: str | None = Field(
        description="Time of placing, on the clock of the server; null if it is not known.",
        examples=["2024-10-03 12:38:33"],
    )
    expires_at: str | None = Field(
        description="Time at which the order expires (RFC 3339, UTC); null if it does not expire.", examples=[None]
    )
    expires_at_raw: str | None = Field(
        description="Time at which the order expires, on the clock of the server; null if it does not expire.",
        examples=[None],
    )
    comment: str = Field(description="Comment on the order.", examples=[""])


class Deal(BaseModel):
    """A change of a balance. A closed trade of MetaTrader 4 is two deals with the same ticket."""

    ticket: int = Field(description="Ticket of the deal.", examples=[500001])
    order: int | None = Field(description="Ticket of the order; null if there is none.", examples=[None])
    position: int | None = Field(description="Ticket of the position; null if there is none.", examples=[None])
    login: int = Field(description="Login of the account.", examples=[100001])
    time: str | None = Field(
        description="Time of the deal (RFC 3339, UTC); null if it is not known.", examples=["2023-01-02T22:00:33Z"]
    )
    time_raw: str | None = Field(
        description="Time of the deal, on the clock of the server; null if it is not known.",
        examples=["2023-01-03 00:00:33"],
    )
    symbol: str | None = Field(description="Name of the symbol; null for a balance operation.", examples=[None])
    action: str = Field(
        description="Action, such as `buy`, `sell`, `balance` or `credit`; "
        "`code-` and a number for an action that is not known here.",
        examples=["balance"],
    )
    entry: str | None = Field(
        description="`in`, `out`, `in-out` or `out-by`; null for a balance operation.", examples=[None]
    )
    volume: str = Field(description="Volume in lots, as a decimal string.", examples=["0.00"])
    price: str | None = Field(description="Price, as a decimal string; null for a balance operation.", examples=[None])
    profit: str = Field(
        description="Profit or amount, in the currency of the account, as a decimal string.", examples=["8727.00"]
    )
    swap: str = Field(description="Swap, in the currency of the account, as a decimal string.", examples=["0.00"])
    commission: str = Field(
        description="Commission, in the currency of the account, as a decimal string.", examples=["0.00"]
    )
    fee: str = Field(description="Fee, in the currency of the account, as a decimal string.", examples=["0.00"])
    comment: str = Field(description="Comment on the deal.", examples=["Deposit"])


class Symbol(BaseModel):
    """A tradable instrument."""

    symbol: str = Field(description="Name of the symbol.", examples=["EURUSD"])
    path: str | None = Field(
        description="Path of the symbol on the server; null if it is not known.", examples=["Forex\\EURUSD"]
    )
    description: str | None = Field(
        description="Description on the server; null if it is not known.", examples=["Euro vs US Dollar"]
    )
    currency_base: str | None = Field(description="Base currency; null if it is not known.", examples=["EUR"])
    currency_profit: str | None = Field(description="Profit currency; null if it is not known.", examples=["USD"])
    digits: int = Field(description="Number of decimal places of prices.", examples=[5])
    contract_size: str | None = Field(
        description="Units in one lot, as a decimal string; null if it is not known.", examples=["100000"]
    )


MODELS: Mapping[ListName, type[BaseModel]] = {
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
class RowQuery:
    """Which rows of which list. `since` (included) and `until` (excluded) are wall-clock times of the server,
    `YYYY-MM-DD hh:mm:ss`; `after` is the place at which the page before ended; `most` rows will be taken, None for
    all."""

    what: ListName
    login: int | None = None
    since: str | None = None
    until: str | None = None
    after: Place | None = None
    most: int | None = None


def named(names: tuple[str, ...], number: int) -> str:
    """A code's name; newer servers may know more codes than we do."""
    return names[number] if 0 <= number < len(names) else f"code-{number}"
