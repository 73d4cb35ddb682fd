"""The command line of an operator, for a system in a folder."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from deploy.cli.postgres_programs import program


def tradehall(var: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs `tradehall` with nothing to type at."""
    return subprocess.run(
        (sys.executable, "-m", "deploy.cli", *arguments),
        env={**os.environ, "TRADEHALL_VAR": str(var)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def typed(var: Path, question: str, given: str, *arguments: str) -> tuple[int, str, str]:
    """Runs `tradehall` at a terminal, where one question is answered: exit code, standard output, and the terminal."""
    ours, its = pty.openpty()
    with (
        os.fdopen(ours, "wb", buffering=0) as terminal,
        subprocess.Popen(
            (sys.executable, "-m", "deploy.cli", *arguments),
            env={**os.environ, "TRADEHALL_VAR": str(var)},
            stdin=its,
            stdout=subprocess.PIPE,
            stderr=its,
            text=True,
        ) as program,
    ):
        os.close(its)
        shown = b""
        while chunk := _read(ours):
            if question.encode() in shown + chunk and question.encode() not in shown:
                terminal.write(f"{given}\n".encode())
            shown += chunk
        said, _ = program.communicate()
    return program.returncode, said, shown.decode()


def _read(terminal: int) -> bytes:
    """Nothing once no process has the terminal any more."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def answer(var: Path, *arguments: str) -> Any:
    done = tradehall(var, *arguments, "--json")
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    return json.loads(done.stdout)


def unpacked(dump: Path) -> str:
    """All that a file of `pg_dump` holds, which is compressed in it."""
    argv = (program("pg_restore"), "--file", "-", str(dump))
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def nothing_is_parked(dsns: Mapping[str, str]) -> bool:
    """In no database."""
    for dsn in dsns.values():
        with psycopg.connect(dsn) as connection:
            if connection.execute("SELECT FROM parked").fetchone() is not None:
                return False
    return True
