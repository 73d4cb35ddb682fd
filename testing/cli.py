"""The operator's program: in this process, since to start Python costs more than most commands."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deploy.cli.__main__ import main


@dataclass(frozen=True)
class Done:
    """What a command printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def tradehall(var: Path, *arguments: str) -> Done:
    """`tradehall` for the system in this folder."""
    printed = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(each, encoding="utf-8", write_through=True) for each in printed)
    code = 0
    with (
        patch.dict(os.environ, {"TRADEHALL_VAR": str(var)}),
        patch.object(sys, "argv", ["tradehall", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, *(each.getvalue().decode() for each in printed))


def answer(var: Path, *arguments: str) -> Any:
    """The JSON that a command prints, which succeeds."""
    done = tradehall(var, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
