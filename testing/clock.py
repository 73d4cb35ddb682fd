"""A clock that tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Clock:
    """Stands still until it is moved; starts at the present unless told otherwise."""

    now: datetime = field(default_factory=_utc_now)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by
