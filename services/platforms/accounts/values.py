"""Values as the model shows them: fixed decimals, lots, and wall clocks turned to UTC."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

_UNSET = "1970-01-01"
_MOST_KNOWN = 50_000
_MOST_DIGITS = 24
_FIRST, _LAST = datetime(1970, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)


def decimal(value: str | Decimal | float, digits: int) -> str:
    """A number with a fixed count of decimals, at most 24 whatever a table says."""
    return f"{value if isinstance(value, Decimal) else float(value):.{min(digits, _MOST_DIGITS)}f}"


def price(value: str | Decimal, digits: int) -> str | None:
    """A price; null where none is set."""
    shown = decimal(value, digits)
    return shown if shown.strip("-0.") else None


def plain(value: str | Decimal) -> str:
    """A number without needless zeros."""
    shown = f"{value if isinstance(value, Decimal) else Decimal(value):f}"
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) or "0"


def lots(amount: int, decimals: int) -> str:
    """An amount in units of 10^-decimals lot, with two decimals or as many more as it needs."""
    whole, rest = divmod(amount, 10**decimals)
    fraction = f"{rest:0{decimals}}".rstrip("0")
    return f"{whole}.{fraction:0<2}"


class WallClock:
    """Turns the server's wall clock to UTC, for a zone so many minutes east of it. Deals come in the order of time, so
    what was computed for a minute mostly serves for the next row, too."""

    def __init__(self, zone_minutes: int) -> None:
        self._zone = timedelta(minutes=zone_minutes)
        self._minutes: dict[str, str] = {}

    def utc(self, wall: str | None) -> str | None:
        """`2026-03-02T07:30:00Z` from `2026-03-02 09:30:00`; null when unset."""
        if wall is None or wall.startswith((_UNSET, "0000")):
            return None
        minute = wall[:16]
        shown = self._minutes.get(minute)
        if shown is None:
            if len(self._minutes) >= _MOST_KNOWN:
                self._minutes.clear()
            shown = (datetime.fromisoformat(minute) - self._zone).strftime("%Y-%m-%dT%H:%M:")
            self._minutes[minute] = shown
        return f"{shown}{wall[17:19]}Z"

    def raw(self, wall: str | None) -> str | None:
        """The wall clock itself, to the second; null when unset."""
        return None if wall is None or wall.startswith((_UNSET, "0000")) else wall[:19]

    def wall(self, instant: datetime) -> str:
        """The wall clock at an instant; before and after all trading, where no calendar goes on, that of its ends."""
        bounded = min(max(instant, _FIRST), _LAST).astimezone(UTC)
        return (bounded.replace(tzinfo=None) + self._zone).strftime("%Y-%m-%d %H:%M:%S")
