"""A child process that ends with its parent, writes its output to a file, and can always be stopped."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from embedded.accounts import Account

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

# The kernel sends the parent-death signal when the *thread* that forked ends, so every child is forked
# by one thread that lives as long as the interpreter.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-forker")


class EmbeddedError(Exception):
    """A server could not be prepared or started. The message says why and what to do."""


@dataclass(frozen=True)
class Program:
    """How to start and stop a child.

    `environment` is the child's complete environment. `stop_signals` are pairs of a signal and seconds to wait after
    it, in order; SIGKILL follows.
    """

    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    death_signal: signal.Signals = signal.SIGKILL
    stop_signals: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 4.0),)


class Process:
    """A program that can be started repeatedly, but runs once at a time."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the current or last run. Raises EmbeddedError before the first."""
        if self._running is None:
            raise EmbeddedError(f"{self.program.argv[0]} has not been started")
        return self._running.pid

    def start(self) -> None:
        """Start the program. Raises EmbeddedError if the system refuses."""
        try:
            self._running = _forker.submit(_fork, self.program).result()
        except OSError as error:
            raise EmbeddedError(f"cannot start {self.program.argv[0]}: {error.strerror}") from error

    def exit_code(self) -> int | None:
        """The exit code as in subprocess (negative: killed by that signal); None while it runs or before its start."""
        return self._running.poll() if self._running else None

    def is_running(self) -> bool:
        """Whether the program runs."""
        return self._running is not None and self._running.poll() is None

    def stop(self) -> None:
        """Stop the program by its stop signals, then by SIGKILL, and wait. SIGKILL also ends a frozen one."""
        if self._running is None:
            return
        for number, patience in (*self.program.stop_signals, (signal.SIGKILL, None)):
            if self._running.poll() is not None:
                return
            self._running.send_signal(number)
            try:
                self._running.wait(patience)
            except subprocess.TimeoutExpired:
                continue

    def wait_until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until `ready()`. Raises EmbeddedError with the end of the log if the program ends or time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_running():
                raise EmbeddedError(f"{what} ended at once: {self.last_output()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{what} was not ready within {seconds:.0f} s: {self.last_output()}")
            time.sleep(0.02)

    def last_output(self, lines: int = 5) -> str:
        """The last lines of the log, on one line."""
        try:
            text = self.program.log.read_text(errors="replace")
        except OSError:
            return "no output"
        return " | ".join(text.strip().splitlines()[-lines:]) or "no output"


def _fork(program: Program) -> "subprocess.Popen[bytes]":
    parent = os.getpid()

    def die_with_parent() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, int(program.death_signal))
            if os.getppid() != parent:
                os._exit(1)

    account = program.account
    descriptor = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own programs
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            env=dict(program.environment),
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # Ctrl-C in the terminal is for the parent, which ends its children in order.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    finally:
        os.close(descriptor)
