"""The README's quick start, pasted line by line."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.driver import Hall

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl: install it (apt install curl)")
def test_the_quick_start_ends_with_a_clients_token_listing_its_organization(hall: Hall, tmp_path: Path) -> None:
    section = README.read_text().split("## Quick start")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert len(blocks) >= 8
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "local.json").write_text(json.dumps(hall.info))
    pasted = subprocess.run(
        ["bash", "-e"], input="\n".join(blocks), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    answers = [json.loads(line) for line in pasted.stdout.splitlines() if line.startswith("{")]
    program = answers[-1]["items"]
    assert [(one["name"], one["permissions"]) for one in program] == [("Ada Brokerage", ["platforms:read"])]
    assert "OrgRenamed" in pasted.stdout, "the audit trail as CSV"
