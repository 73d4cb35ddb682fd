"""The supervisor waits longer and longer before it starts a child again that ends at once."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.local import supervisor as module
from deploy.local.supervisor import StartCancelled, Supervisor
from embedded import EmbeddedError, Process, Program
from testing.waiting import wait_until

STEP = 0.05  # seconds of the tests' own clock between two looks


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Short(Process):
    """A process that ends so many seconds after each start; the last length holds for all later runs.

    `refusals` are raised by the next starts; `stopped` is called when it is stopped.
    """

    def __init__(self, clock: Callable[[], float], *lengths: float, code: int = 1) -> None:
        super().__init__(Program(argv=("short",), log=Path("nowhere")))
        self._clock = clock
        self._lengths = list(lengths)
        self._code = code
        self.starts: list[float] = []
        self.refusals: list[EmbeddedError] = []
        self.stopped: Callable[[], None] = lambda: None

    @property
    def pid(self) -> int:
        return 1000 + len(self.starts)

    def start(self) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.starts.append(self._clock())

    def stop(self) -> None:
        self.stopped()

    def exit_code(self) -> int | None:
        length = self._lengths[min(len(self.starts), len(self._lengths)) - 1]
        return self._code if self._clock() >= self.starts[-1] + length else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def supervisor(
    clock: Clock, said: list[str], changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Supervisor]:
    """One whose looks the test makes itself."""
    monkeypatch.setattr(module, "_WATCH_EVERY", 3600.0)
    made = Supervisor(said.append, lambda: changes.append("changed"), clock)
    yield made
    made.stop()


def watch(supervisor: Supervisor, clock: Clock, seconds: float) -> None:
    for _ in range(round(seconds / STEP)):
        clock.now += STEP
        supervisor.look()


def test_the_delay_before_a_restart_doubles_up_to_its_cap(
    supervisor: Supervisor, clock: Clock, said: list[str]
) -> None:
    process = Short(clock, 0.0)
    supervisor.start("child", process, lambda: True)
    watch(supervisor, clock, 60)
    gaps = [after - before for before, after in zip(process.starts, process.starts[1:], strict=False)]
    delays = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0]
    assert gaps[: len(delays)] == pytest.approx(delays, abs=2.5 * STEP)
    assert said[:7] == [f"child ended with code 1; it starts again in {delay:.1f} s" for delay in delays[:7]]


def test_a_child_that_ran_well_is_restarted_immediately(supervisor: Supervisor, clock: Clock, said: list[str]) -> None:
    process = Short(clock, 0.0, 0.0, 0.0, 21.0, 0.0)
    supervisor.start("child", process, lambda: True)
    watch(supervisor, clock, 30)
    delays = [line.rpartition(" in ")[2] for line in said]
    assert delays[:5] == ["0.2 s", "0.4 s", "0.8 s", "0.2 s", "0.4 s"]


@pytest.mark.parametrize(("seconds", "backoff"), [(20.0, 0.5), (20.25, 0.25)])
def test_a_run_of_more_than_twenty_seconds_is_well(
    supervisor: Supervisor,
    clock: Clock,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    backoff: float,
) -> None:
    monkeypatch.setattr(module, "_FIRST_BACKOFF", 0.25)
    process = Short(clock, 0.0, seconds)
    supervisor.start("child", process, lambda: True)
    for step in (0.0, 0.25, seconds, backoff):  # ends, starts again, ends again, starts again
        clock.now += step
        supervisor.look()
    assert process.starts == [100.0, 100.25, 100.25 + seconds + backoff]
    assert said[1].endswith(f"it starts again in {backoff:.1f} s")


def test_a_running_child_is_not_started_again(supervisor: Supervisor, clock: Clock, said: list[str]) -> None:
    process = Short(clock, 1e9)
    supervisor.start("child", process, lambda: True)
    watch(supervisor, clock, 30)
    assert (len(process.starts), said) == (1, [])


def test_each_restart_changes_the_process_ids(supervisor: Supervisor, clock: Clock, changes: list[str]) -> None:
    supervisor.start("one", Short(clock, 1.0, 1e9), lambda: True)
    supervisor.start("other", Short(clock, 1e9), lambda: True)
    assert (supervisor.pids(), supervisor.pid("one")) == ({"one": 1001, "other": 1001}, 1001)
    watch(supervisor, clock, 2)
    assert (supervisor.pids(), changes) == ({"one": 1002, "other": 1001}, ["changed"])
    with pytest.raises(KeyError):
        supervisor.pid("third")


@pytest.mark.parametrize(
    ("code", "how"), [(0, "ended with code 0"), (-1, "was killed (signal 1)"), (-9, "was killed (signal 9)")]
)
def test_how_a_child_ended_is_said(supervisor: Supervisor, clock: Clock, said: list[str], code: int, how: str) -> None:
    supervisor.start("child", Short(clock, 0.0, code=code), lambda: True)
    supervisor.look()
    assert said == [f"child {how}; it starts again in 0.2 s"]


def test_a_child_that_cannot_start_again_is_tried_later(
    supervisor: Supervisor, clock: Clock, said: list[str], changes: list[str]
) -> None:
    process = Short(clock, 0.0, 1e9)
    supervisor.start("child", process, lambda: True)
    process.refusals = [EmbeddedError("cannot start short: no memory")]
    watch(supervisor, clock, 3)
    assert said == [
        "child ended with code 1; it starts again in 0.2 s",
        "child: cannot start short: no memory",
        "child ended with code 1; it starts again in 0.4 s",
    ]
    assert (len(process.starts), changes) == (2, ["changed"])


def ended(supervisor: Supervisor, clock: Clock, times: int) -> Short:
    """A child that has ended so often, and never was ready."""
    process = Short(clock, 0.0)
    supervisor.start("child", process, lambda: False)
    while len(process.starts) < times:
        clock.now += 10.0
        supervisor.look()
    supervisor.look()
    return process


def test_the_start_of_a_system_waits_until_all_are_ready(supervisor: Supervisor, clock: Clock) -> None:
    answers = {"slow": [False, False, True], "fast": [True]}
    for name, given in answers.items():
        supervisor.start(name, Short(clock, 1e9), lambda given=given: given.pop(0))  # type: ignore[misc]
    supervisor.start("never", Short(clock, 1e9), lambda: False)
    supervisor.wait_ready(["slow", "fast"], 60, threading.Event())
    assert answers == {"slow": [], "fast": []}


def test_the_start_fails_when_a_child_is_not_ready_in_time(supervisor: Supervisor, clock: Clock) -> None:
    supervisor.start("child", Short(clock, 1e9), lambda: False)
    with pytest.raises(EmbeddedError, match=r"child is not ready after 0 s: no output \(see nowhere\)"):
        supervisor.wait_ready(["child"], 0.2, threading.Event())


def test_the_start_fails_when_a_child_has_ended_four_times(supervisor: Supervisor, clock: Clock) -> None:
    ended(supervisor, clock, 4)
    with pytest.raises(EmbeddedError, match="child ends again and again: no output"):
        supervisor.wait_ready(["child"], 60, threading.Event())


def test_a_child_that_has_ended_three_times_is_still_waited_for(supervisor: Supervisor, clock: Clock) -> None:
    ended(supervisor, clock, 3)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(StartCancelled):
        supervisor.wait_ready(["child"], 60, cancelled)


def test_children_are_stopped_group_after_group_and_those_of_a_group_together(
    supervisor: Supervisor, clock: Clock
) -> None:
    both, order = threading.Barrier(2), list[str]()

    def stopped(name: str) -> None:
        if name in "ab":
            both.wait(5)
        order.append(name)

    for name in ("a", "b", "c", "d"):
        process = Short(clock, 1e9)
        process.stopped = partial(stopped, name)
        supervisor.start(name, process, lambda: True)
    supervisor.stop(["never started"], ["a", "b", "neither"], ["c"])
    assert (sorted(order[:2]), order[2:]) == (["a", "b"], ["c"])


def test_children_are_watched_until_they_are_stopped(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WATCH_EVERY", 0.001)
    looks = list[str]()
    supervisor = Supervisor(looks.append, lambda: None, clock)
    process = Short(clock, 0.0, 1e9)
    for name in ("child", "other"):  # the thread starts with the first of them
        supervisor.start(name, process if name == "child" else Short(clock, 1e9), lambda: True)
    wait_until(lambda: looks, timeout=3)
    clock.now += 1.0
    wait_until(lambda: len(process.starts) == 2, timeout=3)
    supervisor.stop()
    assert not any(each.name == "supervisor" and each.is_alive() for each in threading.enumerate())
    clock.now += 1e10
    assert len(looks) == 1
