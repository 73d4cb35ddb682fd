"""For tests: a process and its children are frozen, freed or killed together, as a machine that stops would do it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def signal_group(pid: int, number: signal.Signals) -> list[int]:
    """Signals a process and its children, passing over those that are gone; the ones that were meant."""
    meant = [pid]
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # it begins no child meanwhile
        meant = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    for one in reversed(meant):
        with suppress(ProcessLookupError):
            os.kill(one, number)
    return meant


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process and its children do nothing within."""
    signal_group(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_group(pid, signal.SIGCONT)
