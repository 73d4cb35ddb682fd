"""The platform's status for each outcome, and the time of the next check."""

import random
from collections.abc import Iterable
from datetime import timedelta

REFUSED = frozenset(
    {
        "account-disabled",
        "address-blocked",
        "bad-credentials",
        "password-change-needed",
        "right-missing",
        "second-factor-needed",
        "server-not-proven",
        "sign-in-refused",
        "wrong-server",
    }
)
"""The server refused and would refuse again. Trying on could lock the account out, so the schedule stops."""

_RANKS = ("unknown", "ok", "degraded", "lost", "refused")
EVERY = timedelta(minutes=5)
_FIRST_RETRY = timedelta(seconds=60)
_LONGEST_RETRY = timedelta(minutes=30)


def severity_of(outcome: str) -> str:
    """The state of the platform's status that follows from an outcome."""
    if outcome in ("ok", "degraded"):
        return outcome
    if outcome == "not-checkable":
        return "unknown"
    return "refused" if outcome in REFUSED else "lost"


def combined(found: Iterable[tuple[str, str | None]]) -> tuple[str, str | None]:
    """The platform's (state, reason): that of the target that is worst off."""
    return max(found, key=lambda each: _RANKS.index(each[0]), default=("unknown", None))


def wait(state: str, failures: int) -> timedelta | None:
    """How long until the next check, with jitter; None stops the schedule until the credentials change."""
    if state == "refused":
        return None
    base = EVERY
    if state == "lost":
        base = min(_FIRST_RETRY * 2 ** min(failures - 1, 10), _LONGEST_RETRY)
    return base * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
