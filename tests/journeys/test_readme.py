"""The README's quick start, pasted line by line."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.driver import Hall

README = Path(__file__).resolve().parents[2] / "README.md"


def _blocks(title: str) -> list[str]:
    section = README.read_text().split(f"## {title}")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def _pasted(blocks: list[str], hall: Hall, folder: Path) -> str:
    """What a terminal shows in which the blocks were pasted."""
    (folder / "var").mkdir()
    (folder / "var" / "local.json").write_text(json.dumps(hall.info))
    pasted = subprocess.run(
        ["bash", "-e"], input="\n".join(blocks), cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    return pasted.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl: install it (apt install curl)")
def test_the_quick_start_ends_with_a_clients_token_listing_its_organization(hall: Hall, tmp_path: Path) -> None:
    blocks = _blocks("Quick start")
    assert len(blocks) >= 8
    shown = _pasted(blocks, hall, tmp_path)
    answers = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    program = answers[-1]["items"]
    assert [(one["name"], one["permissions"]) for one in program] == [("Ada Brokerage", ["platforms:read"])]
    assert "OrgRenamed" in shown, "the audit trail as CSV"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl: install it (apt install curl)")
def test_a_platform_is_added_checked_and_read_by_the_lines_that_follow(hall: Hall, tmp_path: Path) -> None:
    shown = _pasted(_blocks("Quick start") + _blocks("A trade platform"), hall, tmp_path)
    answers = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    checks = [(one["outcome"], one["steps"][-1]["name"]) for one in answers if "steps" in one]
    assert checks == [("bad-credentials", "sign-in"), ("port-closed", "port"), ("ok", "clock")]
    deals = shown[shown.index("ticket,order,position") :].splitlines()
    assert len(deals) == 3
    assert "balance" in deals[1]
