"""Strings of the servers as numbers, times and volumes."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from metatrader.errors import InvalidValue, ProtocolError
from metatrader.models import Deal, DealAction, Moment, TimeSettings, User, UserRights
from metatrader.models.values import moment, number, server_seconds
from metatrader.mt5.answers import Answer
from metatrader.mt5.text import Message

DEAL = {"Deal": "7", "Login": "100001", "Action": "1", "Time": "1572518788", "TimeMsc": "1572518788123"}


def deal(**changes: str) -> Deal:
    return Deal.model_validate(DEAL | changes)


def test_strings_are_parsed_to_types() -> None:
    read = deal(Price="1.08450", Profit="-12.30", Storage="-0.5", Entry="1", PositionID="9", Unknown="new")
    assert (read.ticket, read.action, read.price) == (7, DealAction.SELL, Decimal("1.08450"))
    assert (read.profit, read.swap, read.position) == (Decimal("-12.30"), Decimal("-0.5"), 9)


def test_volumes_are_in_lots_and_the_precise_value_wins() -> None:
    assert deal(Volume="12345").volume == Decimal("1.2345")
    assert deal(Volume="12345", VolumeExt="123456789").volume == Decimal("1.23456789")
    assert deal(Volume="12345").volume_raw == 12345


@pytest.mark.parametrize(("value", "read"), [(3, "3"), (0.1, "0.1"), ("1.50", "1.50"), (Decimal("2.5"), "2.5")])
def test_numbers_may_be_numbers_already(value: object, read: str) -> None:
    assert str(number(value)) == read


def test_fields_may_be_given_by_name() -> None:
    made = Deal(ticket=7, login=1, action=DealAction.BUY, profit=Decimal("1.5"), time=None)
    assert (made.ticket, made.profit, made.time) == (7, Decimal("1.5"), None)
    read = deal()
    assert Deal(ticket=7, login=1, action=DealAction.BUY, time=read.time).time == read.time


@pytest.mark.parametrize(("sent", "on"), [("0", False), ("1", True), ("-1", True)])
def test_a_flag_is_off_when_it_is_zero(sent: str, on: bool) -> None:
    assert TimeSettings.model_validate({"TimeZone": "60", "Daylight": sent}).daylight is on


def test_an_action_of_a_newer_server_stays_a_number() -> None:
    assert deal(Action="99").action == 99


def test_times_are_instants_by_the_servers_zone_and_keep_the_raw_value() -> None:
    zone = timezone(timedelta(hours=3))
    read = Deal.model_validate(DEAL, context={"zone": zone})
    assert read.time == Moment(1572518788, datetime(2019, 10, 31, 7, 46, 28, tzinfo=UTC))
    assert read.time_msc == Moment(1572518788123, datetime(2019, 10, 31, 7, 46, 28, 123000, tzinfo=UTC))
    assert deal(Time="0").time is None


@pytest.mark.parametrize("per_second", [1, 1000])
def test_times_reach_from_1970_to_the_end_of_9999(per_second: int) -> None:
    last = 253402300799 * per_second
    assert moment(0, UTC, per_second=per_second).utc == datetime(1970, 1, 1, tzinfo=UTC)
    assert moment(last, UTC, per_second=per_second).utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    for raw in (-1, last + 1):
        with pytest.raises(ValueError, match="is no unix time"):
            moment(raw, UTC, per_second=per_second)


def test_summer_time_follows_the_date() -> None:
    zone = ZoneInfo("Europe/Athens")
    winter = int(datetime(2024, 1, 15, 12, tzinfo=UTC).timestamp())
    summer = int(datetime(2024, 7, 15, 12, tzinfo=UTC).timestamp())
    assert moment(winter, zone).utc.hour == 10
    assert moment(summer, zone).utc.hour == 9


@settings(deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_period_asks_for_the_servers_own_seconds(wall: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    instant = wall.replace(tzinfo=UTC, microsecond=0)
    assert moment(server_seconds(instant, zone), zone).utc == instant


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidValue, match="time zone"):
        server_seconds(datetime(2024, 1, 1), UTC)


@pytest.mark.parametrize("value", ["1e999999999", "NaN", "Infinity", "", "1,5", "9" * 40, "٣", "0x1"])
def test_an_invalid_number_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        deal(Profit=value)


@pytest.mark.parametrize("value", ["-1", "99999999999999", "1e5", "now", "253402300800", "1_0", "٣"])
def test_an_invalid_time_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        deal(Time=value)


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValidationError):
        Deal.model_validate(DEAL | {"Time": "253402300799"}, context={"zone": timezone(-timedelta(hours=5))})


def test_rights_and_time_settings_are_parsed() -> None:
    user = User.model_validate({"Login": "1", "Group": "demo\\forex", "Rights": "6627"})
    assert UserRights.ENABLED in user.rights
    assert UserRights.TRADE_DISABLED not in user.rights
    settings = TimeSettings.model_validate({"TimeZone": "60", "Daylight": "1", "DaylightState": "1"})
    assert settings.zone.utcoffset(None) == timedelta(hours=2)


def test_personal_data_are_not_printed() -> None:
    user = User.model_validate({"Login": "1", "Group": "g", "Email": "ada@example.com", "Phone": "+1 555 0100"})
    assert user.email == "ada@example.com"
    assert "ada@" not in repr(user)
    assert "555" not in str(user)


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError):
        setattr(deal(), "profit", Decimal(1))  # noqa: B010 - the type checker refuses the assignment, too


def test_an_answer_that_does_not_fit_names_the_field_and_not_its_value() -> None:
    answer = Answer.of_message(Message("USER_GET", {"RETCODE": "0 Done"}, '{"Login":"Ada","Group":"g"}'))
    with pytest.raises(ProtocolError, match=r"USER_GET: Login: ") as caught:
        answer.read(TypeAdapter(User), UTC)
    assert "Ada" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_number_of_decimals_may_be_none_or_24() -> None:
    assert (deal(Digits="0").digits, deal(Digits="24").digits) == (0, 24)


@pytest.mark.parametrize("digits", ["-1", "25", "999999999"])
def test_a_number_of_decimals_has_bounds(digits: str) -> None:
    with pytest.raises(ValidationError):
        deal(Digits=digits)
    with pytest.raises(ValidationError):
        deal(DigitsCurrency=digits)
