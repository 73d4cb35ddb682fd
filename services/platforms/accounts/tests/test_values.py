"""The forms of money, prices, lots and times."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from platforms.accounts import values
from platforms.accounts.model import SIDES, named
from platforms.accounts.values import WallClock, decimal, lots, plain, price


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        ("9921.954", 2, "9921.95"),
        (Decimal("0.1"), 2, "0.10"),
        (Decimal("12345678901234567890.12"), 2, "12345678901234567890.12"),
        (-39.366, 2, "-39.37"),
        ("150", 0, "150"),
        (Decimal(1), 24, "1." + "0" * 24),
        (Decimal(1), 25, "1." + "0" * 24),
    ],
)
def test_a_decimal_has_as_many_places_as_its_currency(value: str | Decimal | float, digits: int, shown: str) -> None:
    assert decimal(value, digits) == shown


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [("0", 5, None), ("-0.0", 5, None), ("1.5", 3, "1.500"), (Decimal("0.00001"), 5, "0.00001"), ("-3", 1, "-3.0")],
)
def test_a_price_of_zero_is_none(value: str | Decimal, digits: int, shown: str | None) -> None:
    assert price(value, digits) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("100000.0", "100000"), ("1e3", "1000"), ("0.50", "0.5"), ("0.0", "0"), ("100", "100"), (Decimal("2.50"), "2.5")],
)
def test_a_plain_number_has_no_needless_zeros(value: str | Decimal, shown: str) -> None:
    assert plain(value) == shown


@pytest.mark.parametrize(
    ("amount", "decimals", "shown"),
    [(5, 2, "0.05"), (123, 2, "1.23"), (10_000, 4, "1.00"), (1, 8, "0.00000001"), (0, 4, "0.00"), (15_000, 4, "1.50")],
)
def test_lots_have_two_decimals_or_as_many_more_as_they_need(amount: int, decimals: int, shown: str) -> None:
    assert lots(amount, decimals) == shown


def test_a_wall_clock_is_turned_to_utc_to_the_second() -> None:
    clock = WallClock(-210)
    for second in ("07", "08"):  # of one minute, which is computed once
        assert clock.utc(f"2026-03-02 23:59:{second}.250") == f"2026-03-03T03:29:{second}Z"
    assert WallClock(120).utc("2026-03-02 09:30:00") == "2026-03-02T07:30:00Z"
    assert clock.raw("2026-03-02 23:59:07.250") == "2026-03-02 23:59:07"


@pytest.mark.parametrize("wall", [None, "1970-01-01 00:00:00", "0000-00-00 00:00:00"])
def test_a_time_that_is_not_set_is_none(wall: str | None) -> None:
    assert (WallClock(60).utc(wall), WallClock(60).raw(wall)) == (None, None)


def test_a_wall_clock_is_correct_after_its_cache_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_MOST_KNOWN", 2)
    clock = WallClock(60)
    for _ in range(2):
        for minute in range(10, 15):
            assert clock.utc(f"2026-03-02 09:{minute}:00") == f"2026-03-02T08:{minute}:00Z"


def test_a_wall_clock_keeps_the_minutes_it_has_computed_and_no_more_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(values, "_MOST_KNOWN", 2)
    clock, known = WallClock(60), list[int]()
    for minute in (10, 11, 11, 12):
        clock.utc(f"2026-03-02 09:{minute}:00")
        known.append(len(clock._minutes))
    assert known == [1, 2, 2, 1]


def test_an_instant_is_put_on_the_wall_clock() -> None:
    clock = WallClock(-210)
    assert clock.wall(datetime(2026, 3, 3, 3, 29, 7, tzinfo=UTC)) == "2026-03-02 23:59:07"
    east, west = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))
    assert clock.wall(datetime(1, 1, 1, tzinfo=east)) == "1970-01-02 20:30:00"
    assert WallClock(840).wall(datetime(9999, 12, 31, 23, tzinfo=west)) == "9999-12-29 14:00:00"


@pytest.mark.parametrize(("number", "name"), [(0, "buy"), (1, "sell"), (2, "code-2"), (-1, "code--1")])
def test_a_code_that_is_not_known_keeps_its_number(number: int, name: str) -> None:
    assert named(SIDES, number) == name
