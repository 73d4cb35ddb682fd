"""The supervisor waits longer and longer before it starts a child again that ends at once."""

from pathlib import Path

import pytest

from deploy.local.supervisor import Supervisor
from embedded import Process, Program

STEP = 0.05  # seconds of the tests' own clock between two looks


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Short(Process):
    """A process that ends so many seconds after each start; the last length holds for all later runs."""

    def __init__(self, clock: Clock, *lengths: float) -> None:
        super().__init__(Program(argv=("short",), log=Path("nowhere")))
        self._clock = clock
        self._lengths = list(lengths)
        self.starts: list[float] = []

    def start(self) -> None:
        self.starts.append(self._clock.now)

    def exit_code(self) -> int | None:
        length = self._lengths[min(len(self.starts), len(self._lengths)) - 1]
        return 1 if self._clock.now >= self.starts[-1] + length else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(clock: Clock, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """One whose looks the test makes itself."""
    monkeypatch.setattr(Supervisor, "_watch", lambda _: None)
    return Supervisor(said.append, lambda: None, clock)


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


def test_a_running_child_is_not_started_again(supervisor: Supervisor, clock: Clock, said: list[str]) -> None:
    process = Short(clock, 1e9)
    supervisor.start("child", process, lambda: True)
    watch(supervisor, clock, 30)
    assert (len(process.starts), said) == (1, [])
