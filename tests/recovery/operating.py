"""An operator at the command line, beside a system in a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


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
