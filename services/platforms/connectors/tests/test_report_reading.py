"""How a report database is read: by key, in pieces, over tables of years, with what a copy lacks."""

from typing import Any

import pytest

from platforms.accounts.model import RowQuery
from platforms.checks.domain import Failed
from platforms.connectors.mt4_tables.layout import LAYOUT as MT4
from platforms.connectors.mt5_tables.layout import LAYOUT as MT5
from platforms.connectors.report_database import reading
from platforms.connectors.tests.tables import ReportTables

AT = "2026-03-02 09:30:00"


def deal(ticket: int, **changes: Any) -> dict[str, Any]:
    return {
        "Deal": ticket, "Login": 8001, "Time": AT, "Symbol": "EURUSD", "Action": 0, "Entry": 0, "Volume": 100,
        "Price": 1.0, "Profit": 0,
    } | changes  # fmt: skip


def tickets(tables: ReportTables, **wanted: Any) -> list[int]:
    return [row[0] for row in tables.rows(RowQuery("deals", **wanted))]


@pytest.mark.parametrize(("rows", "statements"), [(4, 3), (5, 3), (6, 4)])
def test_a_list_is_read_in_pieces_until_one_is_not_full(
    monkeypatch: pytest.MonkeyPatch, rows: int, statements: int
) -> None:
    monkeypatch.setattr(reading, "PIECE", 2)
    tables = ReportTables(MT5, {"mt5_deals": [deal(ticket) for ticket in range(rows, 0, -1)]})
    assert tickets(tables) == list(range(1, rows + 1))
    assert len(tables.statements) == statements


def test_no_more_is_read_than_tells_whether_there_is_a_next_page() -> None:
    tables = ReportTables(MT5, {"mt5_deals": [deal(ticket) for ticket in range(1, 9)]})
    tickets(tables, most=3)
    assert tables.statements[0].endswith("LIMIT 4")
    tickets(tables)
    assert tables.statements[-1].endswith("LIMIT 4000")


def test_pages_go_on_behind_the_last_row() -> None:
    rows = [{"Position": each, "Login": 8001, "Symbol": "X", "Action": 0, "Volume": 100, "PriceOpen": 1,
             "PriceCurrent": 1, "Profit": 0, "TimeCreate": AT} for each in (3, 1, 2)]  # fmt: skip
    pages = ReportTables(MT5, {"mt5_positions": rows}).pages(RowQuery("positions"), 2)
    assert [[row[0] for row in page] for page in pages] == [[1, 2], [3]]


def test_the_rows_of_earlier_pages_are_not_read_again() -> None:
    tables = ReportTables(MT5, {"mt5_deals": [deal(ticket) for ticket in range(1, 9)]})
    assert tickets(tables, after=(6, 0)) == [7, 8]
    assert tables.count <= 3


def test_a_list_of_one_account_holds_its_rows_only() -> None:
    tables = ReportTables(MT5, {"mt5_deals": [deal(1), deal(2, Login=8002), deal(3)]})
    assert tickets(tables, login=8001) == [1, 3]
    assert tickets(tables) == [1, 2, 3]
    symbols = ReportTables(MT4, {"mt4_prices": [{"SYMBOL": "EURUSD", "DIGITS": 5}]})
    assert len(symbols.rows(RowQuery("symbols", login=8001))) == 1


def test_a_list_of_a_time_begins_with_it_and_ends_before() -> None:
    times = ["2026-03-02 09:29:59", AT, "2026-03-02 09:59:59", "2026-03-02 10:00:00"]
    tables = ReportTables(MT5, {"mt5_deals": [deal(number, Time=time) for number, time in enumerate(times)]})
    assert tickets(tables, since=AT, until="2026-03-02 10:00:00") == [1, 2]
    assert tickets(tables, since=AT) == [1, 2, 3]
    assert tickets(tables, until="2026-03-02 10:00:00") == [0, 1, 2]
    assert tickets(tables, login=8001, since=AT) == [1, 2, 3]


@pytest.mark.parametrize("years_over", [False, True])
def test_tables_of_years_are_read_one_after_the_other_and_no_row_twice(years_over: bool) -> None:
    names = ["mt5_deals_2025", "mt5_deals_2026", "mt5_deals"] if years_over else [
        "mt5_deals", "mt5_deals_2025", "mt5_deals_2026",
    ]  # fmt: skip
    rows = {name: [deal(number), deal(number + 1)] for number, name in enumerate(names, start=1)}
    tables = ReportTables(MT5, rows, years_over=years_over)
    assert tickets(tables) == [1, 2, 3, 4]


def test_an_empty_table_does_not_hide_those_behind_it() -> None:
    rows = {"mt5_deals_2024": [deal(1)], "mt5_deals_2025": [deal(9, Login=7)], "mt5_deals_2026": [deal(5)]}
    assert tickets(ReportTables(MT5, rows), login=8001) == [1, 5]


def test_tables_may_be_written_in_any_case_and_lack_columns() -> None:
    [row] = ReportTables(MT5, {"MT5_Deals": [deal(1)]}).items(RowQuery("deals"))
    assert (row["ticket"], row["fee"], row["order"], row["price"]) == (1, "0.00", None, "1.00000")


@pytest.mark.parametrize("broken", [{"Profit": "much"}, {"Volume": "1.5"}, {"Profit": None}])
def test_a_row_that_no_server_writes_is_a_fault_of_the_table(broken: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="A row of mt5_deals cannot be read") as caught:
        tickets(ReportTables(MT5, {"mt5_deals": [deal(1, **broken)]}))
    assert caught.value.outcome == "schema-missing"


def test_a_contract_that_is_no_number_is_a_fault_of_the_table() -> None:
    symbol = {"Symbol": "X", "Path": "", "Description": "", "CurrencyBase": "", "CurrencyProfit": "", "Digits": 5,
              "ContractSize": "much"}  # fmt: skip
    with pytest.raises(Failed):
        ReportTables(MT5, {"mt5_symbols": [symbol]}).rows(RowQuery("symbols"))


def test_a_time_that_is_none_is_a_fault_of_the_table() -> None:
    trade = {"ticket": 1, "login": 1, "symbol": "X", "cmd": 6, "volume": 1, "open_time": "never", "open_price": 1,
             "close_time": AT, "close_price": 1, "profit": 0, "swaps": 0, "commission": 0, "taxes": 0,
             "comment": "", "digits": 5}  # fmt: skip
    with pytest.raises(Failed):
        ReportTables(MT4, {"mt4_trades": [trade]}).rows(RowQuery("deals"))
