"""The README's quick start, pasted line by line."""

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from testing.driver import SystemDriver
from testing.shared import Shared

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def _blocks(title: str) -> list[str]:
    section = README.read_text().split(f"## {title}")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@contextmanager
def _mailbox_of(driver: SystemDriver, name: str) -> Iterator[str]:
    """The address of a mailbox in which only mails to this user arrive, as in the one of a system of the user's own:
    the README's lines read the newest."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = driver.mailbox(self.path, **({"limit": 10_000} if self.path.endswith("/messages") else {}))
            if "messages" in shown:
                shown["messages"] = [one for one in shown["messages"] if one["To"][0]["Address"].startswith(name)]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(shown).encode())

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _pasted(blocks: list[str], driver: SystemDriver, folder: Path, **environment: str) -> str:
    """What a terminal shows in which the blocks were pasted, at a second of their own."""
    second = secrets.token_hex(8)
    (folder / "var").mkdir()
    with _mailbox_of(driver, f"ada-{second}@") as mailbox:
        (folder / "var" / "local.json").write_text(json.dumps({**driver.info, "mailbox_url": mailbox}))
        pasted = subprocess.run(
            ["bash", "-e"],
            input="\n".join((f"date() {{ echo {second}; }}", *blocks)),
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
def test_the_readmes_subscriber_section_works(driver: SystemDriver, tradehall: Shared, tmp_path: Path) -> None:
    for name in (".venv", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    [lines] = _blocks("Events for another system")
    ended = lines.replace(".venv/bin/python", "timeout 8 .venv/bin/python").rstrip() + " || test $? = 124"
    _pasted([*_blocks("Quick start"), ended], driver, tmp_path, TRADEHALL_VAR=str(tradehall.folder))
    with sqlite3.connect(tmp_path / "events.sqlite") as database:
        kept = {kind for (kind,) in database.execute("SELECT type FROM events")}
    assert {"tradehall.organizations.OrgRenamed.v1", "tradehall.identity.ClientCreated.v1"} <= kept
