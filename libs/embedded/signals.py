"""For tests: freeze, resume or kill a process with its children, as if the machine stopped."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def signal_group(pid: int, number: signal.Signals) -> list[int]:
    """Signal a process and its children, ignoring those that have ended. Returns the signalled processes."""
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
    """Freeze a process and its children within the block."""
    signal_group(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_group(pid, signal.SIGCONT)
