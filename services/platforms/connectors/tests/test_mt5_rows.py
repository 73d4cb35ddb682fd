"""Rows of MetaTrader 5's export as the model shows them."""

from typing import Any

import pytest

from platforms.accounts.model import RowQuery
from platforms.connectors.mt5_tables.layout import LAYOUT
from platforms.connectors.mt5_tables.reading import SHAPES
from platforms.connectors.tests.tables import ReportTables

UNSET = "1970-01-01 00:00:00"
AT = "2026-03-02 09:30:00"
USER: dict[str, Any] = {
    "Login": 8001, "Group": "real\\standard", "Rights": 483, "Registration": AT, "Leverage": 100, "Name": "",
    "FirstName": "Ada", "LastName": "Byron", "EMail": "ada@example.com", "Phone": "+351 1", "Country": "Portugal",
    "City": "Porto", "Address": "Rua 1", "Balance": 7, "Credit": 8,
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "Login": 8001, "Balance": 1000.5, "Credit": 50, "Equity": 1010.25, "Margin": 10, "MarginFree": 1000.25,
    "MarginLevel": 10102.5, "Profit": -40.25,
}  # fmt: skip
GROUP: dict[str, Any] = {"Group": "real\\standard", "Currency": "JPY", "CurrencyDigits": 0}
TRADE: dict[str, Any] = {
    "Login": 8001, "Symbol": "EURUSD", "Volume": 12500, "VolumeExt": 0, "PriceSL": 1.08, "PriceTP": 0,
    "Comment": "hi", "Digits": 5,
}  # fmt: skip
POSITION = TRADE | {
    "Position": 601, "Action": 1, "PriceOpen": 1.0845, "PriceCurrent": 1.09, "Profit": 12.345, "Storage": -0.5,
    "TimeCreate": AT, "DigitsCurrency": 2,
}  # fmt: skip
ORDER = TRADE | {
    "Order": 701, "Type": 6, "State": 3, "VolumeInitial": 20000, "VolumeInitialExt": 0, "VolumeCurrent": 15000,
    "VolumeCurrentExt": 0, "PriceOrder": 1.07, "PriceTrigger": 1.075, "TimeSetup": AT, "TimeExpiration": UNSET,
}  # fmt: skip
DEAL = TRADE | {
    "Deal": 1, "Order": 11, "PositionID": 21, "Time": AT, "Action": 0, "Entry": 1, "Price": 1.0845, "Profit": 12.345,
    "Storage": -0.5, "Commission": -1.5, "Fee": 0.25, "DigitsCurrency": 2,
}  # fmt: skip


def one(table: str, row: dict[str, Any], what: Any, **changes: Any) -> dict[str, Any]:
    [shown] = ReportTables(LAYOUT, {table: [row | changes]}).items(RowQuery(what))
    return shown


def test_an_account_is_joined_from_user_account_and_group() -> None:
    tables = {"mt5_users": [USER], "mt5_accounts": [ACCOUNT], "mt5_groups": [GROUP]}
    [shown] = ReportTables(LAYOUT, tables).items(RowQuery("accounts"))
    assert shown == {
        "login": 8001, "group": "real\\standard", "currency": "JPY", "leverage": 100, "enabled": True,
        "balance": "1000", "credit": "50", "equity": "1010", "margin": "10", "margin_free": "1000",
        "margin_level": "10102.50", "profit": "-40", "registered_at": "2026-03-02T07:30:00Z",
        "registered_at_raw": AT, "name": "Ada Byron", "email": "ada@example.com", "phone": "+351 1",
        "country": "Portugal", "city": "Porto", "address": "Rua 1",
    }  # fmt: skip


def test_without_accounts_and_groups_the_user_tells_the_balance() -> None:
    shown = one("mt5_users", USER, "accounts", Name="Ada B.", Rights=482)
    known = {"login", "group", "leverage", "enabled", "balance", "credit", "registered_at", "registered_at_raw"}
    personal = {"name", "email", "phone", "country", "city", "address"}
    assert {name for name, value in shown.items() if value is not None} == known | personal
    assert (shown["balance"], shown["credit"], shown["name"], shown["enabled"]) == ("7.00", "8.00", "Ada B.", False)


def test_what_an_account_lacks_is_null_or_nothing() -> None:
    lacking = dict.fromkeys(("Leverage", "Rights", "Balance", "Credit", "Registration"))
    personal = dict.fromkeys(("FirstName", "LastName", "EMail", "Phone", "Country", "City", "Address"), "")
    shown = one("mt5_users", USER, "accounts", **lacking, **personal)
    rest = {"login": 8001, "group": "real\\standard", "leverage": 0, "enabled": False, "balance": "0.00"}
    assert {name: value for name, value in shown.items() if value is not None} == rest | {"credit": "0.00"}
    assert one("mt5_users", USER, "accounts", FirstName="")["name"] == "Byron"


def test_a_position_shows_lots_and_prices() -> None:
    assert one("mt5_positions", POSITION, "positions") == {
        "ticket": 601, "login": 8001, "symbol": "EURUSD", "side": "sell", "volume": "1.25", "price_open": "1.08450",
        "price_current": "1.09000", "stop_loss": "1.08000", "take_profit": None, "profit": "12.35", "swap": "-0.50",
        "opened_at": "2026-03-02T07:30:00Z", "opened_at_raw": AT, "comment": "hi",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("volume", "extended", "shown"),
    [
        (12345, None, "1.2345"),
        (12345, 0, "1.2345"),
        (12345, 123456789, "1.23456789"),
        (None, None, "0.00"),
        (1, 100000000, "1.00"),
    ],
)
def test_the_finer_volume_holds_where_it_is_known(volume: int | None, extended: int | None, shown: str) -> None:
    assert one("mt5_deals", DEAL, "deals", Volume=volume, VolumeExt=extended)["volume"] == shown
    assert one("mt5_positions", POSITION, "positions", Volume=volume, VolumeExt=extended)["volume"] == shown
    order = one("mt5_orders", ORDER, "orders", VolumeCurrent=volume, VolumeCurrentExt=extended)
    assert (order["volume_initial"], order["volume_current"]) == ("2.00", shown)


def test_what_a_position_lacks_is_null_or_nothing() -> None:
    lacking = dict.fromkeys(("PriceSL", "PriceTP", "Storage", "Comment", "Digits", "DigitsCurrency"))
    shown = one("mt5_positions", POSITION, "positions", **lacking, TimeCreate=UNSET, Action=0)
    assert (shown["stop_loss"], shown["take_profit"], shown["swap"], shown["comment"]) == (None, None, "0.00", "")
    assert (shown["price_open"], shown["profit"], shown["side"]) == ("1.08450", "12.35", "buy")
    assert (shown["opened_at"], shown["opened_at_raw"]) == (None, None)


def test_an_order_shows_its_type_and_state() -> None:
    assert one("mt5_orders", ORDER, "orders") == {
        "ticket": 701, "login": 8001, "symbol": "EURUSD", "type": "buy-stop-limit", "state": "partial",
        "volume_initial": "2.00", "volume_current": "1.50", "price": "1.07000", "price_trigger": "1.07500",
        "stop_loss": "1.08000", "take_profit": None, "placed_at": "2026-03-02T07:30:00Z", "placed_at_raw": AT,
        "expires_at": None, "expires_at_raw": None, "comment": "hi",
    }  # fmt: skip


def test_what_an_order_lacks_is_null_or_nothing() -> None:
    lacking = dict.fromkeys(("PriceTrigger", "PriceSL", "PriceTP", "Comment", "Digits"))
    shown = one("mt5_orders", ORDER, "orders", **lacking, TimeExpiration="2026-03-03 00:00:00", Type=99)
    assert [shown[name] for name in ("price_trigger", "stop_loss", "take_profit")] == [None] * 3
    assert (shown["comment"], shown["price"], shown["type"]) == ("", "1.07000", "code-99")
    assert (shown["expires_at"], shown["expires_at_raw"]) == ("2026-03-02T22:00:00Z", "2026-03-03 00:00:00")


def test_a_deal_shows_its_money() -> None:
    assert one("mt5_deals", DEAL, "deals") == {
        "ticket": 1, "order": 11, "position": 21, "login": 8001, "time": "2026-03-02T07:30:00Z", "time_raw": AT,
        "symbol": "EURUSD", "action": "buy", "entry": "out", "volume": "1.25", "price": "1.08450", "profit": "12.35",
        "swap": "-0.50", "commission": "-1.50", "fee": "0.25", "comment": "hi",
    }  # fmt: skip


@pytest.mark.parametrize(("action", "name"), [(2, "balance"), (4, "charge"), (21, "code-21")])
def test_a_deal_that_is_no_trade_has_neither_price_nor_entry(action: int, name: str) -> None:
    nothing = {"Order": 0, "PositionID": 0, "Symbol": "", "Volume": 0}
    shown = one("mt5_deals", DEAL, "deals", Action=action, **nothing)
    assert (shown["action"], shown["entry"], shown["price"], shown["symbol"]) == (name, None, None, None)
    assert (shown["order"], shown["position"], shown["volume"], shown["profit"]) == (None, None, "0.00", "12.35")


def test_what_a_deal_lacks_is_null_or_nothing() -> None:
    lacking = ("Order", "PositionID", "Entry", "Storage", "Commission", "Fee", "Comment", "Digits", "DigitsCurrency")
    shown = one("mt5_deals", DEAL, "deals", **dict.fromkeys(lacking), Action=1)
    assert [shown[name] for name in ("order", "position", "entry", "comment")] == [None, None, "in", ""]
    assert [shown[name] for name in ("swap", "commission", "fee")] == ["0.00"] * 3
    assert (shown["price"], shown["profit"], shown["action"]) == ("1.08450", "12.35", "sell")


def test_amounts_have_the_decimals_of_their_currency_and_prices_those_of_their_symbol() -> None:
    changes = {"Digits": 3, "DigitsCurrency": 0}
    deal, position = one("mt5_deals", DEAL, "deals", **changes), one("mt5_positions", POSITION, "positions", **changes)
    assert (deal["price"], deal["profit"], deal["fee"]) == ("1.085", "12", "0")
    assert (position["price_open"], position["stop_loss"], position["profit"]) == ("1.085", "1.080", "12")
    assert one("mt5_orders", ORDER, "orders", Digits=3)["price_trigger"] == "1.075"


def test_a_symbol_shows_its_contract() -> None:
    symbol = {"Symbol": "EURUSD", "Path": "Forex\\EURUSD", "Description": "Euro", "CurrencyBase": "EUR",
              "CurrencyProfit": "USD", "Digits": 5, "ContractSize": 100000.0}  # fmt: skip
    assert one("mt5_symbols", symbol, "symbols") == {
        "symbol": "EURUSD", "path": "Forex\\EURUSD", "description": "Euro", "currency_base": "EUR",
        "currency_profit": "USD", "digits": 5, "contract_size": "100000",
    }  # fmt: skip
    shown = one("mt5_symbols", symbol, "symbols", Digits=None, ContractSize=None)
    assert (shown["digits"], shown["contract_size"]) == (0, None)


def test_a_page_of_deals_goes_on_behind_a_ticket() -> None:
    deals = [DEAL | {"Deal": ticket, "Entry": ticket % 2} for ticket in range(1, 6)]
    tables = ReportTables(LAYOUT, {"mt5_deals": deals})
    assert [[row[0] for row in page] for page in tables.pages(RowQuery("deals"), 2)] == [[1, 2], [3, 4], [5]]
    assert [SHAPES["deals"].place(row) for row in tables.rows(RowQuery("deals"))[:2]] == [(1, 1), (2, 0)]
