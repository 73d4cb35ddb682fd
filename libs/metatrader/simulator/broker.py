"""The broker in memory: its records, and what each manager may see."""

import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar, overload

from metatrader.credentials import PasswordHash
from metatrader.simulator.records import (
    DealRecord,
    GroupRecord,
    OrderRecord,
    PositionRecord,
    SymbolRecord,
    UserRecord,
)

R = TypeVar("R", DealRecord, OrderRecord)


class Right(StrEnum):
    MANAGER = "connect as a manager"
    ACCOUNTS = "read accounts"
    PERSONAL = "see personal details"
    EDIT = "modify accounts"
    TRADES = "see orders, positions and deals"


@dataclass(frozen=True)
class Manager:
    """`groups` are masks; `addresses` those that may sign in, None for all."""

    login: int
    password: PasswordHash
    groups: str = "*"
    rights: frozenset[Right] = frozenset(Right)
    addresses: frozenset[str] | None = None
    enabled: bool = True

    def sees(self, group: str) -> bool:
        return matches(self.groups, group)


def matches(masks: str, group: str) -> bool:
    """Whether a comma list of masks, for example `real\\*,!real\\test*`, covers a group."""
    positive = False
    for mask in filter(None, (part.strip() for part in masks.split(","))):
        pattern = re.escape(mask.removeprefix("!")).replace(r"\*", ".*")
        if re.fullmatch(pattern, group, re.IGNORECASE | re.DOTALL):
            if mask.startswith("!"):
                return False
            positive = True
    return positive


@dataclass
class Broker:
    """Deals and history of each login are in the order of their times; the server's clock is `offset` minutes east
    of UTC."""

    managers: dict[int, Manager] = field(default_factory=dict)
    groups: list[GroupRecord] = field(default_factory=list)
    symbols: list[SymbolRecord] = field(default_factory=list)
    users: dict[int, UserRecord] = field(default_factory=dict)
    deals: dict[int, list[DealRecord]] = field(default_factory=dict)
    history: dict[int, list[OrderRecord]] = field(default_factory=dict)
    orders: dict[int, list[OrderRecord]] = field(default_factory=dict)
    positions: dict[int, list[PositionRecord]] = field(default_factory=dict)
    offset: int = 120

    def add_manager(self, manager: Manager) -> None:
        self.managers[manager.login] = manager

    def clock(self) -> int:
        """The server's clock now, as its unix seconds."""
        return int(time.time()) + self.offset * 60

    def balance(self, login: int) -> Decimal:
        return sum((deal.amount for deal in self.deals.get(login, [])), Decimal("0.00"))

    def account(self, login: int) -> dict[str, str]:
        """The state of the money as the Web API writes it; margins are a hundredth of the positions' value."""
        balance = self.balance(login)
        positions = self.positions.get(login, [])
        profit = sum((position.profit for position in positions), Decimal("0.00"))
        swap = sum((position.swap for position in positions), Decimal("0.00"))
        margin = sum((Decimal(position.volume).scaleb(-2) for position in positions), Decimal("0.00"))
        equity = balance + profit + swap
        level = (equity * 100 / margin).quantize(Decimal("0.01")) if margin else Decimal("0.00")
        amounts = {
            "Balance": balance,
            "Credit": Decimal("0.00"),
            "Margin": margin,
            "MarginFree": equity - margin,
            "MarginLevel": level,
            "Profit": profit,
            "Storage": swap,
            "Floating": profit + swap,
            "Equity": equity,
        }
        leverage = str(self.users[login].leverage)
        return {
            "Login": str(login),
            "CurrencyDigits": "2",
            "MarginLeverage": leverage,
            **{name: str(amount) for name, amount in amounts.items()},
        }

    def deals_between(self, login: int, start: int, end: int) -> Sequence[DealRecord]:
        return Period(self.deals.get(login, []), start, end)

    def history_between(self, login: int, start: int, end: int) -> Sequence[OrderRecord]:
        return Period(self.history.get(login, []), start, end)


class Period(Sequence[R]):
    """The rows of a period, without copying them: a page out of many rows costs a page."""

    def __init__(self, rows: Sequence[R], start: int, end: int) -> None:
        self._rows: Sequence[R] = rows
        first = bisect_left(rows, start, key=lambda row: row.time)
        self._places = range(first, bisect_right(rows, end, lo=first, key=lambda row: row.time))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, key: int) -> R: ...

    @overload
    def __getitem__(self, key: slice) -> Sequence[R]: ...

    def __getitem__(self, key: int | slice) -> R | Sequence[R]:
        if isinstance(key, slice):
            return [self._rows[place] for place in self._places[key]]
        return self._rows[self._places[key]]
