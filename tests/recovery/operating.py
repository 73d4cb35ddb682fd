"""An operator at the command line, beside a system in a folder."""

import json
import os
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
