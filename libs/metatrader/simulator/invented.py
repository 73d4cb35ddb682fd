"""Data of a broker that does not exist, from a seed: the same seed gives the same broker."""

import random
from decimal import Decimal

from metatrader.credentials import password_hash
from metatrader.simulator.broker import Broker, Manager, Right
from metatrader.simulator.records import (
    DealRecord,
    GroupRecord,
    OrderRecord,
    PositionRecord,
    SymbolRecord,
    UserRecord,
)

FIRST_USER = 100_001
START = 1_672_704_000
"""The first deal's day on the server's clock: 2023-01-03."""
SPAN = 600 * 86_400
_CENT = Decimal("0.01")

_GROUPS = (
    GroupRecord("demo\\forex", "USD", 100),
    GroupRecord("real\\standard", "USD", 100),
    GroupRecord("real\\pro", "EUR", 50),
    GroupRecord("real\\vip", "USD", 200),
)
_SYMBOLS = tuple(
    SymbolRecord(name, path, description, base, profit, digits, contract, Decimal(price))
    for name, path, description, base, profit, digits, contract, price in (
        ("EURUSD", "Forex", "Euro vs US Dollar", "EUR", "USD", 5, 100_000, "1.08450"),
        ("GBPUSD", "Forex", "Pound Sterling vs US Dollar", "GBP", "USD", 5, 100_000, "1.26310"),
        ("USDJPY", "Forex", "US Dollar vs Japanese Yen", "USD", "JPY", 3, 100_000, "149.870"),
        ("AUDUSD", "Forex", "Australian Dollar vs US Dollar", "AUD", "USD", 5, 100_000, "0.65820"),
        ("XAUUSD", "Metals", "Gold vs US Dollar", "XAU", "USD", 2, 100, "2034.15"),
        ("US500", "Indices", "US 500 index", "USD", "USD", 2, 10, "5021.40"),
    )
)
_FIRST = ("Ada", "Bruno", "Chiara", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Inês", "Jonas")
_LAST = ("Almeida", "Brandt", "Costa", "Duarte", "Eklund", "Ferrari", "Grünwald", "Haddad", "Ito", "Jansen")
_PLACES = (("Portugal", "Porto"), ("Germany", "Köln"), ("Italy", "Torino"), ("Japan", "Osaka"), ("Chile", "Arica"))


def invent(
    seed: int = 1,
    *,
    login: int = 1000,
    password: str = "Demo-Pass-1",  # noqa: S107 - of a broker that does not exist
    users: int = 12,
    trades: int = 40,
) -> Broker:
    """A broker with `users` users of about `trades` closed trades each, and five managers with one password:

    `login` may do everything; +1 is disabled; +2 may sign in from 192.0.2.1 only; +3 may not see trades or personal
    details; +4 sees the demo groups only.
    """
    broker = Broker(groups=list(_GROUPS), symbols=list(_SYMBOLS))
    _managers(broker, login, password)
    chance = random.Random(seed)  # noqa: S311 - invented data, no secrets
    tickets = _Tickets()
    for number in range(users):
        user = _user(chance, FIRST_USER + number)
        broker.users[user.login] = user
        _Trader(broker, chance, tickets, user.login).live(trades)
    return broker


def _managers(broker: Broker, login: int, password: str) -> None:
    shared = password_hash(password)
    few = frozenset({Right.MANAGER, Right.ACCOUNTS})
    for manager in (
        Manager(login, shared),
        Manager(login + 1, shared, enabled=False),
        Manager(login + 2, shared, addresses=frozenset({"192.0.2.1"})),
        Manager(login + 3, shared, rights=few),
        Manager(login + 4, shared, groups="demo\\*"),
    ):
        broker.add_manager(manager)


def _user(chance: random.Random, login: int) -> UserRecord:
    country, city = chance.choice(_PLACES)
    group = _GROUPS[login % len(_GROUPS)]
    return UserRecord(
        login=login,
        group=group.name,
        first_name=chance.choice(_FIRST),
        last_name=chance.choice(_LAST),
        country=country,
        city=city,
        leverage=group.leverage,
        registration=START - chance.randrange(86_400),
        passwords={"MAIN": f"Main-{login}", "INVESTOR": f"Inve-{login}"},
    )


class _Tickets:
    def __init__(self) -> None:
        self._last = 500_000

    def next(self) -> int:
        self._last += 1
        return self._last


class _Trader:
    """One user's life: a deposit, closed trades in the order of time, and what is still open."""

    def __init__(self, broker: Broker, chance: random.Random, tickets: _Tickets, login: int) -> None:
        self._chance = chance
        self._tickets = tickets
        self._login = login
        self._deals = broker.deals.setdefault(login, [])
        self._history = broker.history.setdefault(login, [])
        self._orders = broker.orders.setdefault(login, [])
        self._positions = broker.positions.setdefault(login, [])
        self._now = START * 1000

    def live(self, trades: int) -> None:
        step = SPAN * 1000 // (2 * trades + 6)
        self._pay(Decimal(self._chance.randrange(1_000, 50_000)).quantize(_CENT), "Deposit")
        for _ in range(trades):
            self._trade(step)
        if trades and self._chance.random() < 0.5:
            self._pay(Decimal(-self._chance.randrange(50, 500)).quantize(_CENT), "Withdrawal")
        for _ in range(self._chance.randrange(1, 4)):
            self._open_position(step)
            self._place(step)

    def _pay(self, amount: Decimal, comment: str) -> None:
        self._now += 1_000 + self._chance.randrange(60_000)
        nothing = Decimal("0.00")
        self._deals.append(
            DealRecord(
                ticket=self._tickets.next(),
                login=self._login,
                order=0,
                position=0,
                action=2,
                entry=0,
                symbol=None,
                time_msc=self._now,
                volume=0,
                price=Decimal(0),
                profit=amount,
                swap=nothing,
                commission=nothing,
                comment=comment,
            )
        )

    def _trade(self, step: int) -> None:
        chance = self._chance
        symbol, side = chance.choice(_SYMBOLS), chance.randrange(2)
        volume = chance.randrange(1, 300) * 100
        price = self._price(symbol)
        commission = -(Decimal(volume) * 3).scaleb(-4).quantize(_CENT)
        zero = Decimal("0.00")
        opened = self._deal(step, symbol, side, 0, 0, volume, price, (zero, zero, commission))
        profit = Decimal(chance.randrange(-90_000, 100_000)).scaleb(-2)
        swap = Decimal(chance.randrange(-500, 100)).scaleb(-2)
        self._deal(step, symbol, 1 - side, 1, opened, volume, self._price(symbol), (profit, swap, commission))

    def _deal(
        self,
        step: int,
        symbol: SymbolRecord,
        side: int,
        entry: int,
        position: int,
        volume: int,
        price: Decimal,
        money: tuple[Decimal, Decimal, Decimal],
    ) -> int:
        """Adds a filled order and its deal; gives the position's ticket, which is the opening order's."""
        self._now += step + self._chance.randrange(max(step // 4, 1))
        order = self._tickets.next()
        position = position or order
        filled = OrderRecord(order, self._login, position, side, 4, symbol, self._now - 250, self._now, volume, price)
        self._history.append(filled)
        profit, swap, commission = money
        self._deals.append(
            DealRecord(
                ticket=self._tickets.next(),
                login=self._login,
                order=order,
                position=position,
                action=side,
                entry=entry,
                symbol=symbol,
                time_msc=self._now,
                volume=volume,
                price=price,
                profit=profit,
                swap=swap,
                commission=commission,
                comment="",
            )
        )
        return position

    def _open_position(self, step: int) -> None:
        chance = self._chance
        symbol, side, volume = chance.choice(_SYMBOLS), chance.randrange(2), chance.randrange(1, 100) * 100
        price = self._price(symbol)
        zero = Decimal("0.00")
        ticket = self._deal(step, symbol, side, 0, 0, volume, price, (zero, zero, zero))
        profit = Decimal(chance.randrange(-20_000, 20_000)).scaleb(-2)
        self._positions.append(
            PositionRecord(
                ticket, self._login, side, symbol, self._now, volume, price, self._price(symbol), profit, zero
            )
        )

    def _place(self, step: int) -> None:
        symbol, kind = self._chance.choice(_SYMBOLS), self._chance.randrange(2, 6)
        volume = self._chance.randrange(1, 50) * 100
        self._now += step // 8
        self._orders.append(
            OrderRecord(
                self._tickets.next(), self._login, 0, kind, 1, symbol, self._now, 0, volume, self._price(symbol)
            )
        )

    def _price(self, symbol: SymbolRecord) -> Decimal:
        return symbol.price + self._chance.randrange(-900, 900) * symbol.point
