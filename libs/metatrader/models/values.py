"""Values as MetaTrader sends them: strings that become numbers, times on the server's clock, volumes in lots."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.alias_generators import to_pascal

from metatrader.errors import InvalidValue

# No exponents: "1e999999999" is short, but formatting it exhausts the memory.
_DECIMAL = re.compile(r"[+-]?\d{1,24}(?:\.\d{0,24})?", re.ASCII)
_LAST = 253_402_300_799  # 9999-12-31 23:59:59
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(NamedTuple):
    """A time from the server: `raw` as sent (the server's wall clock as Unix seconds, or milliseconds in fields named
    `..._msc`), and the instant that it denotes in the time zone given to the client."""

    raw: int
    utc: datetime


def moment(raw: int, zone: tzinfo, *, per_second: int = 1) -> Moment:
    """Raises ValueError outside the years 1970 to 9999."""
    if not 0 <= raw <= _LAST * per_second:
        raise ValueError("is no unix time")
    wall = _EPOCH + timedelta(microseconds=raw * 1_000_000 // per_second)
    if zone is UTC:
        return Moment(raw, wall)
    try:
        return Moment(raw, wall.replace(tzinfo=zone).astimezone(UTC))
    except OverflowError as error:
        raise ValueError("is no unix time") from error


def server_seconds(instant: datetime, zone: tzinfo) -> int:
    """The server's clock at an instant, as its unix seconds; raises InvalidValue for a time without a zone."""
    if instant.tzinfo is None:
        raise InvalidValue("a time needs a time zone: give datetime(..., tzinfo=UTC)")
    return int(instant.astimezone(zone).replace(tzinfo=UTC).timestamp())


def number(value: Any) -> Decimal:
    """Raises ValueError unless the text is a plain decimal number."""
    return _decimal(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=8192)  # most numbers of a trading record are 0.00 and 1.00000000
def _decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError("is no number")
    return Decimal(text)


def _seconds(value: Any, info: ValidationInfo) -> Moment | None:
    return _moment(value, info, 1)


def _milliseconds(value: Any, info: ValidationInfo) -> Moment | None:
    return _moment(value, info, 1000)


def _moment(value: Any, info: ValidationInfo, per_second: int) -> Moment | None:
    if isinstance(value, Moment) or value is None:
        return value
    if not _DECIMAL.fullmatch(str(value)):
        raise ValueError("is no unix time")
    raw = int(value)
    return moment(raw, (info.context or {}).get("zone", UTC), per_second=per_second) if raw else None


def _flag(value: Any) -> bool:
    return int(value) != 0


Digits = Annotated[int, Field(ge=0, le=24)]
"""Decimals of a price or an amount. Bounded, as formatting a number with a billion decimals exhausts the memory."""
Number = Annotated[Decimal, BeforeValidator(number)]
"""A price, rate or percentage."""
Money = Annotated[Decimal, BeforeValidator(number)]
"""An amount in the account's currency."""
Time = Annotated[Moment | None, BeforeValidator(_seconds)]
"""None when unset (0)."""
TimeMsc = Annotated[Moment | None, BeforeValidator(_milliseconds)]
Flag = Annotated[bool, BeforeValidator(_flag)]


class Model(BaseModel):
    """Keys in PascalCase, as sent; unknown keys of a newer server are ignored, missing ones have defaults.

    Give `context={"zone": tzinfo}` when validating; without it the server's clock is taken for UTC.
    """

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True, extra="ignore")


def lots(raw: int, extended: int) -> Decimal:
    """From 1/10000 lot, or from 1/100000000 lot where the server knows it."""
    return Decimal(extended).scaleb(-8) if extended else Decimal(raw).scaleb(-4)
