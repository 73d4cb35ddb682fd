"""Rows of MetaTrader 4's report tables as the model shows them."""

from typing import Any

import pytest

from platforms.accounts.model import RowQuery
from platforms.connectors.mt4_tables.layout import LAYOUT
from platforms.connectors.tests.tables import ReportTables

UNSET = "1970-01-01 00:00:00"
USER: dict[str, Any] = {
    "LOGIN": 7001, "GROUP": "real-usd", "CURRENCY": "EUR", "LEVERAGE": 100, "ENABLE": 1, "BALANCE": 1000.5,
    "CREDIT": 50, "EQUITY": 1010.256, "MARGIN": 10, "MARGIN_FREE": 1000.25, "MARGIN_LEVEL": 10102.5,
    "REGDATE": "2026-03-02 09:30:00", "NAME": "Ada", "EMAIL": "ada@example.com", "PHONE": "+351 1",
    "COUNTRY": "Portugal", "CITY": "Porto", "ADDRESS": "Rua 1",
}  # fmt: skip
TRADE: dict[str, Any] = {
    "TICKET": 1, "LOGIN": 7001, "SYMBOL": "EURUSD", "CMD": 0, "VOLUME": 125, "OPEN_TIME": "2026-03-02 09:30:00",
    "OPEN_PRICE": 1.0845, "CLOSE_TIME": UNSET, "CLOSE_PRICE": 1.09, "SL": 1.08, "TP": 0, "PROFIT": 12.345,
    "SWAPS": -0.5, "COMMISSION": -1.5, "TAXES": 0.25, "EXPIRATION": UNSET, "COMMENT": "hi", "DIGITS": 5,
}  # fmt: skip


def users(**changes: Any) -> ReportTables:
    return ReportTables(LAYOUT, {"mt4_users": [USER | changes]})


def trades(*changes: dict[str, Any]) -> ReportTables:
    """Trades with the tickets 1, 2 …"""
    rows = [TRADE | {"TICKET": ticket} | each for ticket, each in enumerate(changes, start=1)]
    return ReportTables(LAYOUT, {"mt4_trades": rows})


def test_an_account_shows_money_and_what_its_open_positions_brought() -> None:
    [shown] = users().items(RowQuery("accounts"))
    assert shown == {
        "login": 7001, "group": "real-usd", "currency": "EUR", "leverage": 100, "enabled": True,
        "balance": "1000.50", "credit": "50.00", "equity": "1010.26", "margin": "10.00", "margin_free": "1000.25",
        "margin_level": "10102.50", "profit": "-40.24", "registered_at": "2026-03-02T07:30:00Z",
        "registered_at_raw": "2026-03-02 09:30:00", "name": "Ada", "email": "ada@example.com", "phone": "+351 1",
        "country": "Portugal", "city": "Porto", "address": "Rua 1",
    }  # fmt: skip


def test_what_an_account_lacks_is_null_or_nothing() -> None:
    personal = dict.fromkeys(("NAME", "EMAIL", "PHONE", "COUNTRY", "CITY", "ADDRESS"), "")
    lacking = dict.fromkeys(("LEVERAGE", "ENABLE", "CREDIT", "EQUITY", "MARGIN", "MARGIN_FREE", "MARGIN_LEVEL"))
    [shown] = users(**personal, **lacking, CURRENCY="", REGDATE=UNSET).items(RowQuery("accounts"))
    rest = {"login": 7001, "group": "real-usd", "leverage": 0, "enabled": False, "balance": "1000.50", "credit": "0.00"}
    assert {name: value for name, value in shown.items() if value is not None} == rest


def test_without_credit_the_profit_is_equity_less_balance() -> None:
    [shown] = users(CREDIT=None, ENABLE=0).items(RowQuery("accounts"))
    assert (shown["profit"], shown["enabled"]) == ("9.76", False)


def test_an_open_trade_is_a_position() -> None:
    [buy, sell] = trades({}, {"CMD": 1, "DIGITS": 3, "SL": 0, "TP": 2}).items(RowQuery("positions"))
    assert buy == {
        "ticket": 1, "login": 7001, "symbol": "EURUSD", "side": "buy", "volume": "1.25", "price_open": "1.08450",
        "price_current": "1.09000", "stop_loss": "1.08000", "take_profit": None, "profit": "12.35", "swap": "-0.50",
        "opened_at": "2026-03-02T07:30:00Z", "opened_at_raw": "2026-03-02 09:30:00", "comment": "hi",
    }  # fmt: skip
    assert (sell["side"], sell["price_open"]) == ("sell", "1.085")
    assert (sell["stop_loss"], sell["take_profit"]) == (None, "2.000")


@pytest.mark.parametrize("what", ["positions", "orders", "deals"])
def test_prices_have_five_decimals_where_the_table_does_not_say(what: Any) -> None:
    command = 2 if what == "orders" else 0
    for item in trades({"CMD": command, "DIGITS": None, "CLOSE_TIME": UNSET}).items(RowQuery(what)):
        assert next(item[name] for name in ("price_open", "price") if name in item) == "1.08450"


@pytest.mark.parametrize(("command", "kind"), [(2, "buy-limit"), (3, "sell-limit"), (4, "buy-stop"), (5, "sell-stop")])
def test_an_open_trade_that_waits_for_its_price_is_an_order(command: int, kind: str) -> None:
    [order] = trades({"CMD": command, "EXPIRATION": "2026-03-03 00:00:00"}).items(RowQuery("orders"))
    assert order == {
        "ticket": 1, "login": 7001, "symbol": "EURUSD", "type": kind, "state": "placed", "volume_initial": "1.25",
        "volume_current": "1.25", "price": "1.08450", "price_trigger": None, "stop_loss": "1.08000",
        "take_profit": None, "placed_at": "2026-03-02T07:30:00Z", "placed_at_raw": "2026-03-02 09:30:00",
        "expires_at": "2026-03-02T22:00:00Z", "expires_at_raw": "2026-03-03 00:00:00", "comment": "hi",
    }  # fmt: skip


CLOSED = {"CLOSE_TIME": "2026-03-02 10:00:00"}


def test_positions_and_orders_are_open_trades_of_their_commands() -> None:
    each = [{"CMD": command} | closed for command in range(-1, 9) for closed in ({}, CLOSED)]
    tables = trades(*each)
    assert [item["ticket"] for item in tables.items(RowQuery("positions"))] == [3, 5]
    assert [item["ticket"] for item in tables.items(RowQuery("orders"))] == [7, 9, 11, 13]
    assert sorted({item["ticket"] for item in tables.items(RowQuery("deals"))}) == [3, 4, 5, 6, 15, 16, 17, 18]


def test_a_trade_is_a_deal_in_and_when_closed_a_deal_out_with_the_money() -> None:
    bought, sold = trades(CLOSED, {"CMD": 1}).items(RowQuery("deals"))[:2]
    assert bought == {
        "ticket": 1, "order": 1, "position": 1, "login": 7001, "time": "2026-03-02T07:30:00Z",
        "time_raw": "2026-03-02 09:30:00", "symbol": "EURUSD", "action": "buy", "entry": "in", "volume": "1.25",
        "price": "1.08450", "profit": "0.00", "swap": "0.00", "commission": "0.00", "fee": "0.00", "comment": "hi",
    }  # fmt: skip
    assert sold == bought | {
        "time": "2026-03-02T08:00:00Z", "time_raw": "2026-03-02 10:00:00", "action": "sell", "entry": "out",
        "price": "1.09000", "profit": "12.35", "swap": "-0.50", "commission": "-1.50", "fee": "0.25",
    }  # fmt: skip


def test_a_sale_is_closed_by_buying_and_stays_one_deal_while_it_is_open() -> None:
    deals = trades({"CMD": 1}, {"CMD": 1} | CLOSED).items(RowQuery("deals"))
    assert [(deal["ticket"], deal["action"], deal["entry"]) for deal in deals] == [
        (1, "sell", "in"),
        (2, "sell", "in"),
        (2, "buy", "out"),
    ]


@pytest.mark.parametrize(("command", "action"), [(6, "balance"), (7, "credit")])
def test_a_balance_operation_is_one_deal_without_a_price(command: int, action: str) -> None:
    [deal] = trades({"CMD": command} | CLOSED).items(RowQuery("deals"))
    assert deal == {
        "ticket": 1, "order": None, "position": None, "login": 7001, "time": "2026-03-02T07:30:00Z",
        "time_raw": "2026-03-02 09:30:00", "symbol": None, "action": action, "entry": None, "volume": "0.00",
        "price": None, "profit": "12.35", "swap": "-0.50", "commission": "-1.50", "fee": "0.25", "comment": "hi",
    }  # fmt: skip


def test_a_symbol_has_its_digits() -> None:
    tables = ReportTables(LAYOUT, {"mt4_prices": [{"SYMBOL": "EURUSD", "DIGITS": 5}, {"SYMBOL": "X", "DIGITS": None}]})
    shown = [(item["symbol"], item["digits"], item["contract_size"]) for item in tables.items(RowQuery("symbols"))]
    assert shown == [("EURUSD", 5, None), ("X", 0, None)]


def test_pages_of_deals_may_end_between_the_two_of_one_ticket() -> None:
    tables = trades(CLOSED, {"CMD": 6}, CLOSED, {})
    for size in (1, 2, 3):
        pages = tables.pages(RowQuery("deals"), size)
        assert [(row[0], row[8]) for page in pages for row in page] == [
            (1, "in"),
            (1, "out"),
            (2, None),
            (3, "in"),
            (3, "out"),
            (4, "in"),
        ]


def test_a_trade_counts_in_the_time_of_its_opening_and_in_that_of_its_closing() -> None:
    tables = trades(CLOSED, {"OPEN_TIME": "2026-03-02 10:00:00"})
    whole = [(1, "in"), (2, "in"), (1, "out")]
    for since, until, expected in (
        (None, None, {*whole}),
        ("2026-03-02 09:30:00", "2026-03-02 10:00:00", {(1, "in")}),
        ("2026-03-02 09:30:01", None, {(1, "out"), (2, "in")}),
        (None, "2026-03-02 09:30:00", set()),
        (None, "2026-03-02 09:30:01", {(1, "in")}),
    ):
        deals = tables.items(RowQuery("deals", since=since, until=until))
        assert {(deal["ticket"], deal["entry"]) for deal in deals} == expected
