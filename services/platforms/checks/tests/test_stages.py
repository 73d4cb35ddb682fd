"""Stages of a check run in order, each with a deadline, until one fails."""

import asyncio
import logging
import selectors
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from platforms.checks import domain
from platforms.checks.domain import Check, Failed, Finding, Result, Stage, Step

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENDS = datetime(2026, 9, 1, tzinfo=UTC)


class Staged(Check):
    """A check of these works; `closed` counts how often it was closed."""

    def __init__(self, *works: Callable[[], Awaitable[Finding]], deadline: float = 5.0) -> None:
        self._works = works
        self._deadline = deadline
        self.closed = 0

    def stages(self) -> Sequence[Stage]:
        return [(f"stage-{number}", self._deadline, work) for number, work in enumerate(self._works)]

    async def close(self) -> None:
        self.closed += 1
        raise RuntimeError("cannot be closed")


class Hurried(selectors.DefaultSelector):
    """Of an event loop whose clock jumps to the next deadline, so that nobody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def now(self) -> float:
        return time.monotonic() + self.skipped

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.skipped += timeout or 0.0
        return super().select(0)


async def passes() -> Finding:
    return Finding("fine")


async def warns() -> Finding:
    return Finding("not encrypted", "plaintext", ENDS)


async def refuses() -> Finding:
    raise Failed("bad-credentials", "Set other credentials.")


async def breaks() -> Finding:
    raise ValueError("a secret")


async def hangs() -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


def run(check: Check) -> list[Step]:
    async def steps() -> list[Step]:
        return [step async for step in check.steps()]

    return asyncio.run(steps())


def test_stages_run_in_order_and_leave_nothing_open() -> None:
    check = Staged(passes, warns, passes)
    shown = [(step.name, step.outcome, step.detail, step.failed) for step in run(check)]
    assert shown == [
        ("stage-0", "ok", "fine", False),
        ("stage-1", "plaintext", "not encrypted", False),
        ("stage-2", "ok", "fine", False),
    ]
    assert (check.closed, check.certificate_ends_at, check.zone_minutes) == (1, ENDS, None)


@pytest.mark.parametrize(
    ("work", "outcome", "detail"),
    [
        (refuses, "bad-credentials", "Set other credentials."),
        (breaks, "protocol-error", "The server sent an invalid response. Check host and port."),
    ],
)
def test_after_a_failure_no_stage_runs(work: Callable[[], Awaitable[Finding]], outcome: str, detail: str) -> None:
    check = Staged(passes, work, passes)
    first, second = run(check)
    assert (first.failed, second.failed, second.outcome, second.detail) == (False, True, outcome, detail)
    assert check.closed == 1


def test_a_stage_that_does_not_end_fails_at_its_deadline() -> None:
    [step] = run(Staged(hangs, deadline=0.05))
    assert (step.outcome, step.failed) == ("timeout", True)
    assert step.detail.startswith("No response within 0.05 s.")
    assert 50 <= step.duration_ms < 5000


def test_a_server_that_does_not_hang_up_is_left_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    selector = Hurried()
    loop = asyncio.SelectorEventLoop(selector)
    monkeypatch.setattr(loop, "time", selector.now)
    check = Staged(passes)
    monkeypatch.setattr(check, "close", hangs)

    async def steps() -> list[Step]:
        return [step async for step in check.steps()]

    assert len(loop.run_until_complete(steps())) == 1
    loop.close()
    assert selector.skipped == pytest.approx(2.0, abs=0.2)


def test_a_stage_takes_as_long_as_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 12.0])
    monkeypatch.setattr(domain, "time", SimpleNamespace(perf_counter=lambda: next(times)))
    [step] = run(Staged(passes))
    assert step.duration_ms == 2000


def test_a_failure_says_what_to_do_about_it() -> None:
    assert str(Failed("bad-credentials", "Set other credentials.")) == "Set other credentials."


def test_a_check_without_stages_is_none() -> None:
    with pytest.raises(TypeError, match="stages"):
        Check()  # type: ignore[abstract]


def test_server_data_in_an_unexpected_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(Staged(breaks))
    assert "ValueError" in caplog.text
    assert "a secret" not in caplog.text


def step(outcome: str, failed: bool = False) -> Step:
    return Step("s", outcome, 1, "", failed)


@pytest.mark.parametrize(
    ("steps", "outcome", "reason", "state"),
    [
        ([step("ok"), step("ok")], "ok", None, "ok"),
        ([step("plaintext"), step("ok")], "degraded", "plaintext", "degraded"),
        ([step("ok"), step("timeout", True)], "timeout", "timeout", "lost"),
        ([step("plaintext"), step("bad-credentials", True)], "bad-credentials", "bad-credentials", "refused"),
        ([], "ok", None, "ok"),
    ],
)
def test_the_outcome_of_a_check_is_its_failure_then_its_warning(
    steps: list[Step], outcome: str, reason: str | None, state: str
) -> None:
    result = Result.of("api", steps, NOW, 120, ENDS)
    assert (result.outcome, result.reason, result.state) == (outcome, reason, state)
    assert result.steps == tuple(steps)
    assert (result.target, result.checked_at, result.zone_minutes, result.certificate_ends_at) == (
        "api",
        NOW,
        120,
        ENDS,
    )
