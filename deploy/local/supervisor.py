"""Keeps child processes running: one that ends is started again after an exponential backoff."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from embedded import EmbeddedError, Process

_WATCH_EVERY = 0.2  # seconds
_FIRST_BACKOFF = 0.2  # seconds
_MAX_BACKOFF = 10.0  # seconds
_WELL_AFTER = 20.0
"""Seconds; after a run this long the backoff begins anew."""
_ENDS_BEFORE_GIVING_UP = 4
"""How often a child may end before the start of the system fails."""


class StartCancelled(EmbeddedError):
    """The system was stopped before it was ready."""


@dataclass
class Child:
    """A process under supervision; `is_ready` is asked while the system starts."""

    name: str
    process: Process
    is_ready: Callable[[], bool]
    ends: int = 0
    started: float = 0.0
    due: float | None = None


class Supervisor:
    """Children by name. `say` prints a line for the user; `changed` is called when process ids changed.

    The backoff doubles from 0.2 s up to 10 s, so that a child that cannot start does not keep the
    machine busy, and one that was killed is back at once.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._changed = changed
        self._clock = clock
        self._children: dict[str, Child] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self, name: str, process: Process, is_ready: Callable[[], bool]) -> None:
        """Start a child and watch it from now on; raises EmbeddedError."""
        process.start()
        with self._lock:
            self._children[name] = Child(name, process, is_ready, started=self._clock())
        if not self._watcher.is_alive():
            self._watcher.start()

    def wait_ready(self, names: Sequence[str], seconds: float, cancelled: threading.Event) -> None:
        """Return when all are ready; raises EmbeddedError naming the one that is not, or StartCancelled."""
        deadline = time.monotonic() + seconds
        waiting = [self._children[name] for name in names]
        while waiting := [child for child in waiting if not child.is_ready()]:
            for child in waiting:
                if child.ends >= _ENDS_BEFORE_GIVING_UP or time.monotonic() > deadline:
                    why = "ends again and again" if child.ends else f"is not ready after {seconds:.0f} s"
                    raise EmbeddedError(
                        f"{child.name} {why}: {child.process.last_output()} (see {child.process.program.log})"
                    )
            if cancelled.wait(0.05):
                raise StartCancelled("the start was given up")

    def pid(self, name: str) -> int:
        """Process id of a child; raises KeyError for an unknown name."""
        return self._children[name].process.pid

    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: child.process.pid for name, child in self._children.items()}

    def stop(self, *groups: Sequence[str]) -> None:
        """Stop the children permanently, group after group, those of a group together."""
        self._ending.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for group in groups:
            children = [self._children[name] for name in group if name in self._children]
            if children:
                with ThreadPoolExecutor(len(children)) as pool:
                    list(pool.map(lambda child: child.process.stop(), children))

    def _watch(self) -> None:
        while not self._ending.wait(_WATCH_EVERY):
            self.look()

    def look(self) -> None:
        """Restart the children that have ended and whose backoff is over; the watching thread calls this."""
        with self._lock:
            children = list(self._children.values())
        for child in children:
            self._look_after(child)

    def _look_after(self, child: Child) -> None:
        now = self._clock()
        code = child.process.exit_code()
        if code is None:
            return
        if child.due is None:
            child.ends = 1 if now - child.started > _WELL_AFTER else child.ends + 1
            backoff = min(_MAX_BACKOFF, _FIRST_BACKOFF * 2 ** (child.ends - 1))
            child.due = now + backoff
            self._say(f"{child.name} {_ended(code)}; it starts again in {backoff:.1f} s")
        elif now >= child.due:
            child.due, child.started = None, now
            try:
                child.process.start()
            except EmbeddedError as error:
                self._say(f"{child.name}: {error}")
                return
            self._changed()


def _ended(code: int) -> str:
    return f"was killed (signal {-code})" if code < 0 else f"ended with code {code}"
