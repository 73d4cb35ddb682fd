"""Runs a service's commands in forks of one process that has imported what all services share.

To import that takes a second of processor time, and most commands of `tradehall` ask every service.
"""

import io
import multiprocessing
import os
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["runtime.cli"])


@dataclass(frozen=True)
class Finished:
    """The exit code of a command and what it printed."""

    code: int
    output: str
    error: str


def run(service: str, arguments: Sequence[str], environment: Mapping[str, str], *, shows_errors: bool) -> Finished:
    """Run `python -m SERVICE ARGUMENTS` with this environment alone; with `shows_errors`, it writes to our stderr.

    Arguments do not show in the process list.
    """
    receiving, sending = _forks.Pipe(duplex=False)
    child = _forks.Process(target=_command, args=(sending, service, arguments, dict(environment), shows_errors))
    child.start()
    sending.close()
    try:
        finished: Finished = receiving.recv()
    except EOFError:
        finished = Finished(1, "", f"the command of {service} was killed")
    child.join()
    return finished


def _command(
    sending: Connection, service: str, arguments: Sequence[str], environment: Mapping[str, str], shows_errors: bool
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [service, *arguments]
    output, error = io.StringIO(), io.StringIO()
    with redirect_stdout(output), nullcontext() if shows_errors else redirect_stderr(error):
        code = _run_module(service)
    sending.send(Finished(code, output.getvalue(), error.getvalue()))


def _run_module(name: str) -> int:
    try:
        runpy.run_module(name, run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
