"""Time zones of servers."""

from typing import NamedTuple


class Zone(NamedTuple):
    """The zone in force now, in minutes east of UTC.

    `changes`: whether the server observes daylight saving time, None where unknown. Servers do not state the dates on
    which it changes, so times from before the last change are an hour off.
    """

    minutes: int
    changes: bool | None

    @property
    def detail(self) -> str:
        sign = "-" if self.minutes < 0 else "+"
        shown = f"UTC{sign}{abs(self.minutes) // 60:02}:{abs(self.minutes) % 60:02}"
        if self.changes is None:
            return (
                f"{shown}; whether it keeps summer time is not known: if so, times before its last change are 1 h off"
            )
        if self.changes:
            return f"{shown}; it keeps summer time: times before its last change are 1 h off"
        return f"{shown}, all year"
