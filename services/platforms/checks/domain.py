"""A check: stages that run in order, each with a deadline, until one fails."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from platforms.checks.outcomes import severity_of

_log = logging.getLogger("platforms.checking")


@dataclass(frozen=True)
class Finding:
    """The result of a stage that passed: `ok`, or a warning such as `plaintext`."""

    detail: str
    outcome: str = "ok"
    certificate_ends_at: datetime | None = None


class Failed(Exception):
    """Ends the check. `detail` says what to do about it, and contains no secret."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


@dataclass(frozen=True)
class Step:
    """A stage that has ended; after one that `failed` there is none."""

    name: str
    outcome: str
    duration_ms: int
    detail: str
    failed: bool


Stage = tuple[str, float, Callable[[], Awaitable[Finding]]]
"""Name, deadline in seconds, and the work itself."""


@dataclass(frozen=True)
class Result:
    """`outcome` is ok, degraded (works, with a warning) or the reason of the failure; `reason` is null when ok."""

    target: str
    outcome: str
    reason: str | None
    steps: tuple[Step, ...]
    checked_at: datetime
    zone_minutes: int | None = None
    """The server's clock, in minutes east of UTC, where the check saw it."""
    certificate_ends_at: datetime | None = None

    @classmethod
    def of(
        cls,
        target: str,
        steps: Sequence[Step],
        checked_at: datetime,
        zone_minutes: int | None,
        certificate_ends_at: datetime | None = None,
    ) -> "Result":
        ended = next((step.outcome for step in steps if step.failed), None)
        warned = next((step.outcome for step in steps if step.outcome != "ok"), None)
        outcome = ended or ("degraded" if warned else "ok")
        reason = ended or warned
        return cls(target, outcome, reason, tuple(steps), checked_at, zone_minutes, certificate_ends_at)

    @property
    def state(self) -> str:
        """The state of the platform by this check: ok, degraded, lost, refused or unknown."""
        return severity_of(self.outcome)


class Check(ABC):
    """Subclasses keep the results of one stage for the next in attributes."""

    zone_minutes: int | None = None
    certificate_ends_at: datetime | None = None

    @abstractmethod
    def stages(self) -> Sequence[Stage]: ...

    async def close(self) -> None:  # noqa: B027 - most stages leave nothing open
        """Close what the stages opened."""

    async def steps(self) -> AsyncIterator[Step]:
        """Each stage as it ends."""
        try:
            for name, deadline, work in self.stages():
                step = await _run(name, deadline, partial(self._noted, work))
                yield step
                if step.failed:
                    return
        finally:
            with suppress(Exception):
                await asyncio.wait_for(self.close(), 2.0)

    async def _noted(self, work: Callable[[], Awaitable[Finding]]) -> Finding:
        finding = await work()
        self.certificate_ends_at = finding.certificate_ends_at or self.certificate_ends_at
        return finding


async def _run(name: str, deadline: float, work: Callable[[], Awaitable[Finding]]) -> Step:
    started = time.perf_counter()
    failed = True
    try:
        async with asyncio.timeout(deadline):
            finding = await work()
        outcome, detail, failed = finding.outcome, finding.detail, False
    except Failed as error:
        outcome, detail = error.outcome, error.detail
    except TimeoutError:
        outcome = "timeout"
        detail = (
            f"No response within {deadline:g} s. "
            "Check whether a firewall drops our packets, and whether the server responds to other clients."
        )
    except Exception as error:
        # Any error that a server may cause. Its text is untrusted, so only the kind is kept.
        _log.warning("stage %s met %s", name, type(error).__name__)
        outcome = "protocol-error"
        detail = "The server sent an invalid response. Check host and port."
    return Step(name, outcome, round((time.perf_counter() - started) * 1000), detail, failed)
