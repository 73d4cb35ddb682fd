"""The README's quick start, pasted line by line."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from deploy.local import Tradehall
from testing.driver import SystemDriver

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def _blocks(title: str) -> list[str]:
    section = README.read_text().split(f"## {title}")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def _pasted(blocks: list[str], driver: SystemDriver, folder: Path, **environment: str) -> str:
    """What a terminal shows in which the blocks were pasted."""
    (folder / "var").mkdir()
    (folder / "var" / "local.json").write_text(json.dumps(driver.info))
    pasted = subprocess.run(
        ["bash", "-e"],
        input="\n".join(blocks),
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    return pasted.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl: install it (apt install curl)")
def test_the_readmes_quick_start_works(driver: SystemDriver, tmp_path: Path) -> None:
    blocks = _blocks("Quick start")
    assert len(blocks) >= 8
    shown = _pasted(blocks, driver, tmp_path)
    answers = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    program = answers[-1]["items"]
    assert [(one["name"], one["permissions"]) for one in program] == [("Ada Brokerage", ["platforms:read"])]
    assert "OrgRenamed" in shown, "the audit trail as CSV"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl: install it (apt install curl)")
def test_the_readmes_platform_section_works(driver: SystemDriver, tmp_path: Path) -> None:
    shown = _pasted(_blocks("Quick start") + _blocks("A trade platform"), driver, tmp_path)
    answers = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    checks = [(one["outcome"], one["steps"][-1]["name"]) for one in answers if "steps" in one]
    assert checks == [("bad-credentials", "sign-in"), ("port-closed", "port"), ("ok", "clock")]
    deals = shown[shown.index("ticket,order,position") :].splitlines()
    assert len(deals) == 3
    assert "balance" in deals[1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl: install it (apt install curl)")
def test_the_readmes_subscriber_section_works(driver: SystemDriver, tradehall: Tradehall, tmp_path: Path) -> None:
    for name in (".venv", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    [lines] = _blocks("Events for another system")
    ended = lines.replace(".venv/bin/python", "timeout 8 .venv/bin/python").rstrip() + " || test $? = 124"
    _pasted([*_blocks("Quick start"), ended], driver, tmp_path, TRADEHALL_VAR=str(tradehall.openapi.parents[1]))
    with sqlite3.connect(tmp_path / "events.sqlite") as database:
        kept = {kind for (kind,) in database.execute("SELECT type FROM events")}
    assert {"tradehall.organizations.OrgRenamed.v1", "tradehall.identity.ClientCreated.v1"} <= kept
