"""Records of MetaTrader 5's Web API as the model shows them, and the pages of its lists."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from kit.errors import Invalid
from metatrader import Mt5Client
from metatrader import errors as mt
from metatrader.models import Account, Deal, Group, Order, Position, Symbol, User
from platforms.accounts.model import MODELS, Row, RowQuery
from platforms.connectors.webapi.reading import WebApiLists, place

ZONE = timedelta(hours=2)
AT = 1772443800  # 2026-03-02 09:30:00 on the server's clock


@dataclass
class Server:
    """In the place of a client: what a server holds. `asked` are the times of which deals were asked for."""

    users: dict[int, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=lambda: {"real": "EUR"})
    held: dict[int, list[Any]] = field(default_factory=dict)
    names: list[dict[str, str]] = field(default_factory=list)
    refusal: Exception | None = None
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    group_questions: int = 0

    async def user_logins(self) -> list[int]:
        return list(self.users)

    async def user(self, login: int) -> User:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if not self.users[login]:
            raise mt.NotFound(13, "NOTFOUND", "USER_GET")
        return User.model_validate({"Login": str(login), "Group": "real"} | self.users[login])

    async def account(self, login: int) -> Account:
        return Account.model_validate(ACCOUNT | {"Login": str(login)})

    async def group(self, name: str) -> Group:
        self.group_questions += 1
        if self.refusal:
            raise self.refusal
        return Group.model_validate({"Group": name, "Currency": self.groups[name]})

    async def positions(self, login: int) -> AsyncIterator[Position]:
        for one in self.held.get(login, []):
            yield one

    async def orders(self, login: int) -> AsyncIterator[Order]:
        for one in self.held.get(login, []):
            yield one

    async def deals(self, login: int, since: datetime, until: datetime) -> AsyncIterator[Deal]:
        self.asked.append((since, until))
        for one in self.held.get(login, []):
            if one.time is None or since <= one.time.utc <= until:
                yield one

    async def symbols(self) -> AsyncIterator[Symbol]:
        for one in self.names:
            yield Symbol.model_validate(one)


USER = {
    "Rights": "483", "Registration": str(AT), "FirstName": "Ada", "LastName": "Byron", "EMail": "", "Leverage": "100",
    "Email": "ada@example.com", "Phone": "+351 1", "Country": "Portugal", "City": "Porto", "Address": "Rua 1",
}  # fmt: skip
ACCOUNT = {
    "CurrencyDigits": "2", "Balance": "1000.5", "Credit": "50", "Equity": "1010.25", "Margin": "10",
    "MarginFree": "1000.25", "MarginLevel": "10102.5", "Profit": "-40.25",
}  # fmt: skip
TRADE = {
    "Login": "1", "Symbol": "EURUSD", "Digits": "5", "DigitsCurrency": "2", "PriceSL": "1.08", "PriceTP": "0",
    "Comment": "hi", "Volume": "12500",
}  # fmt: skip


def position(ticket: int, login: int = 1, **changes: str) -> Position:
    more = {"Action": "1", "PriceOpen": "1.0845", "PriceCurrent": "1.09", "Profit": "12.345", "Storage": "-0.5"}
    given = {"Position": str(ticket), "TimeCreate": str(AT), "Login": str(login)}
    return Position.model_validate(TRADE | more | given | changes)


def order(ticket: int, login: int = 1, **changes: str) -> Order:
    more = {
        "Order": str(ticket), "Login": str(login), "Type": "6", "State": "3", "TimeSetup": str(AT),
        "TimeExpiration": "0", "PriceOrder": "1.07", "PriceTrigger": "1.075", "VolumeInitial": "20000",
        "VolumeCurrent": "15000",
    }  # fmt: skip
    return Order.model_validate(TRADE | more | changes)


def deal(ticket: int, login: int = 1, second: int = 0, **changes: str) -> Deal:
    more = {
        "Deal": str(ticket), "Login": str(login), "Order": "11", "PositionID": "21", "Time": str(AT + second),
        "Action": "0", "Entry": "1", "Price": "1.0845", "Profit": "12.345", "Storage": "-0.5", "Commission": "-1.5",
        "Fee": "0.25",
    }  # fmt: skip
    return Deal.model_validate(TRADE | more | changes)


def rows(server: Server, wanted: RowQuery, zone: timedelta = ZONE) -> list[Row]:
    async def all_of() -> list[Row]:
        return [row async for row in WebApiLists(cast(Mt5Client, server), zone).rows(wanted)]

    return asyncio.run(all_of())


def items(server: Server, wanted: RowQuery) -> list[dict[str, Any]]:
    return [dict(zip(MODELS[wanted.what].model_fields, row, strict=True)) for row in rows(server, wanted)]


def pages(server: Server, wanted: RowQuery, size: int) -> list[Row]:
    """All rows, read page by page."""
    read: list[Row] = []
    while True:
        after = place(wanted.what, read[-1]) if read else None
        page = rows(server, replace(wanted, after=after))[:size]
        read += page
        if not page:
            return read


def trading(*held: Any) -> Server:
    """Users 1 and 2, and what they hold, given in the order in which the server has it."""
    by_login: dict[int, list[Any]] = {}
    for one in held:
        by_login.setdefault(one.login, []).append(one)
    return Server({2: USER, 1: USER}, held=by_login)


def test_an_account_shows_user_money_and_currency() -> None:
    [shown] = items(Server({7: USER}), RowQuery("accounts"))
    assert shown == {
        "login": 7, "group": "real", "currency": "EUR", "leverage": 100, "enabled": True, "balance": "1000.50",
        "credit": "50.00", "equity": "1010.25", "margin": "10.00", "margin_free": "1000.25",
        "margin_level": "10102.50", "profit": "-40.25", "registered_at": "2026-03-02T07:30:00Z",
        "registered_at_raw": "2026-03-02 09:30:00", "name": "Ada Byron", "email": "ada@example.com",
        "phone": "+351 1", "country": "Portugal", "city": "Porto", "address": "Rua 1",
    }  # fmt: skip


def test_what_an_account_lacks_is_null() -> None:
    [shown] = items(Server({7: {"Rights": "482"}}, {"real": ""}), RowQuery("accounts"))
    nothing = {"currency", "registered_at", "registered_at_raw", "name", "email", "phone", "country", "city", "address"}
    assert {name for name, value in shown.items() if value is None} == nothing
    assert shown["enabled"] is False


@pytest.mark.parametrize("changes", [{"Name": "Ada B."}, {"FirstName": "", "LastName": "Ada B."}])
def test_the_whole_name_holds_where_there_is_one(changes: dict[str, str]) -> None:
    [shown] = items(Server({7: USER | changes}), RowQuery("accounts"))
    assert shown["name"] == "Ada B."


def test_accounts_come_by_login_four_at_once_without_those_that_went_meanwhile() -> None:
    server = Server({login: {} if login == 3 else USER for login in (9, 3, 1, 7, 5, 2, 8, 6, 4)})
    assert [row[0] for row in rows(server, RowQuery("accounts"))] == [1, 2, 4, 5, 6, 7, 8, 9]
    assert server.most_at_once == 4
    assert [row[0] for row in pages(server, RowQuery("accounts"), 3)] == [1, 2, 4, 5, 6, 7, 8, 9]
    assert [row[0] for row in rows(server, RowQuery("accounts", login=5))] == [5]


@pytest.mark.parametrize("kind", [mt.NotFound, mt.PermissionDenied])
def test_a_currency_that_may_not_be_seen_is_null_and_asked_for_once(kind: type[mt.Refused]) -> None:
    server = Server(dict.fromkeys(range(1, 9), USER), refusal=kind(13, "NO", "GROUP_GET"))
    assert {item["currency"] for item in items(server, RowQuery("accounts"))} == {None}
    assert server.group_questions <= 4


def test_a_position_shows_lots_and_prices() -> None:
    [shown] = items(trading(position(601)), RowQuery("positions"))
    assert shown == {
        "ticket": 601, "login": 1, "symbol": "EURUSD", "side": "sell", "volume": "1.25", "price_open": "1.08450",
        "price_current": "1.09000", "stop_loss": "1.08000", "take_profit": None, "profit": "12.34",
        "swap": "-0.50", "opened_at": "2026-03-02T07:30:00Z", "opened_at_raw": "2026-03-02 09:30:00", "comment": "hi",
    }  # fmt: skip


def test_an_order_shows_its_type_and_state() -> None:
    [shown] = items(trading(order(701)), RowQuery("orders"))
    assert shown == {
        "ticket": 701, "login": 1, "symbol": "EURUSD", "type": "buy-stop-limit", "state": "partial",
        "volume_initial": "2.00", "volume_current": "1.50", "price": "1.07000", "price_trigger": "1.07500",
        "stop_loss": "1.08000", "take_profit": None, "placed_at": "2026-03-02T07:30:00Z",
        "placed_at_raw": "2026-03-02 09:30:00", "expires_at": None, "expires_at_raw": None, "comment": "hi",
    }  # fmt: skip
    [later] = items(trading(order(701, TimeExpiration=str(AT + 60), Type="99")), RowQuery("orders"))
    assert (later["type"], later["expires_at"]) == ("code-99", "2026-03-02T07:31:00Z")


def test_a_deal_shows_its_money() -> None:
    [shown] = items(trading(deal(1)), RowQuery("deals"))
    assert shown == {
        "ticket": 1, "order": 11, "position": 21, "login": 1, "time": "2026-03-02T07:30:00Z",
        "time_raw": "2026-03-02 09:30:00", "symbol": "EURUSD", "action": "buy", "entry": "out", "volume": "1.25",
        "price": "1.08450", "profit": "12.34", "swap": "-0.50", "commission": "-1.50", "fee": "0.25", "comment": "hi",
    }  # fmt: skip


def test_a_deal_that_is_no_trade_has_neither_price_nor_entry() -> None:
    nothing: dict[str, Any] = {"Action": "2", "Order": "0", "PositionID": "0", "Symbol": "", "Volume": "0", "Time": "0"}
    [shown] = items(trading(deal(1, **nothing)), RowQuery("deals"))
    assert (shown["action"], shown["entry"], shown["price"], shown["symbol"]) == ("balance", None, None, None)
    assert (shown["order"], shown["position"], shown["volume"]) == (None, None, "0.00")
    assert (shown["time"], shown["time_raw"]) == (None, None)
    [sale] = items(trading(deal(1, Action="1")), RowQuery("deals"))
    assert (sale["action"], sale["price"]) == ("sell", "1.08450")


@pytest.mark.parametrize(
    ("volume", "extended", "shown"),
    [("12345", "0", "1.2345"), ("0", "1", "0.00000001"), ("10000", "0", "1.00"), ("15000", "0", "1.50")],
)
def test_lots_have_two_decimals_or_as_many_more_as_they_need(volume: str, extended: str, shown: str) -> None:
    assert items(trading(deal(1, Volume=volume, VolumeExt=extended)), RowQuery("deals"))[0]["volume"] == shown


@pytest.mark.parametrize(("what", "make"), [("positions", position), ("orders", order)])
def test_what_accounts_hold_comes_by_login_and_ticket_whatever_order_the_server_has(what: Any, make: Any) -> None:
    server = trading(make(5, 2), make(3, 2), make(4), make(2), make(6))
    expected = [(2, 1), (4, 1), (6, 1), (3, 2), (5, 2)]
    assert [row[:2] for row in rows(server, RowQuery(what))] == expected
    for size in (1, 2, 3):
        assert [row[:2] for row in pages(server, RowQuery(what), size)] == expected
    assert [row[0] for row in rows(server, RowQuery(what, login=2))] == [3, 5]


def test_deals_come_by_login_second_and_ticket_and_no_page_loses_or_repeats_one() -> None:
    server = trading(deal(4), deal(2), deal(3, second=1), deal(1, second=1), deal(9, 2), deal(5, second=2))
    expected = [(1, 2), (1, 4), (1, 1), (1, 3), (1, 5), (2, 9)]
    for size in (1, 2, 3, 7):
        assert [(row[3], row[0]) for row in pages(server, RowQuery("deals"), size)] == expected


def test_deals_are_asked_for_from_the_second_at_which_a_page_ended() -> None:
    server = trading(deal(4), deal(3, second=1))
    after = (1, "2026-03-02 09:30:01", 3)
    assert rows(server, RowQuery("deals", after=after)) == []
    assert [since for since, _ in server.asked] == [
        datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC),
        datetime(1970, 1, 2, tzinfo=UTC),
    ]
    server.asked.clear()
    assert rows(server, RowQuery("deals", login=1, since="2026-03-02 09:30:02", after=after)) == []
    assert server.asked[0][0] == datetime(2026, 3, 2, 9, 30, 2, tzinfo=UTC)


def test_deals_of_a_time_begin_with_it_and_end_before() -> None:
    server = trading(*(deal(number, second=number) for number in range(5)))
    wanted = RowQuery("deals", since="2026-03-02 09:30:01", until="2026-03-02 09:30:04")
    assert [row[0] for row in rows(server, wanted)] == [1, 2, 3]


def test_deals_without_an_end_are_asked_for_until_tomorrow_on_the_servers_clock() -> None:
    server = trading()
    before = datetime.now(UTC)
    rows(server, RowQuery("deals", login=1), timedelta(hours=10))
    [(since, until)] = server.asked
    assert since == datetime(1970, 1, 2, tzinfo=UTC)
    assert timedelta(hours=33, minutes=59) < until - before < timedelta(hours=34, minutes=1)


def test_symbols_keep_the_servers_order_and_go_on_behind_the_last() -> None:
    full = {"Symbol": "EURUSD", "Path": "Forex\\EURUSD", "Description": "Euro", "CurrencyBase": "EUR",
            "CurrencyProfit": "USD", "Digits": "5", "ContractSize": "100000.00"}  # fmt: skip
    server = Server(names=[full, {"Symbol": "AUDUSD"}, {"Symbol": "XAUUSD"}])
    first, second, _ = items(server, RowQuery("symbols"))
    assert first == {
        "symbol": "EURUSD", "path": "Forex\\EURUSD", "description": "Euro", "currency_base": "EUR",
        "currency_profit": "USD", "digits": 5, "contract_size": "100000",
    }  # fmt: skip
    assert [second[name] for name in ("path", "description", "currency_base", "currency_profit")] == [None] * 4
    assert [row[0] for row in pages(server, RowQuery("symbols"), 1)] == ["EURUSD", "AUDUSD", "XAUUSD"]
    with pytest.raises(Invalid, match="symbol that was removed"):
        rows(server, RowQuery("symbols", after=("GBPUSD",)))
