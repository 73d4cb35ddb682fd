"""The runner as a person meets it: a command, a terminal, signals."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from deploy.local.services import python_path
from embedded import free_port, temporary_folder
from testing import plain_http
from testing.waiting import wait_until

_COMMAND = "import sys; from deploy.local.__main__ import main; sys.exit(main(services=()))"


class Runner:
    """`make run` without services: PostgreSQL, NATS, the mailbox and the gateway."""

    def __init__(self, var: Path, **environment: str) -> None:
        self.var = var
        self.process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("TRADEHALL_")},
                "PYTHONPATH": python_path(),
                "TRADEHALL_VAR": str(var),
                "TRADEHALL_PORT": "0",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def facts(self) -> dict[str, Any]:
        """local.json, once it is there."""
        return cast(dict[str, Any], json.loads(wait_until(self._local_json, 30, "local.json")))

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Sends the signal and returns what was said on the terminal, all children's ends included."""
        self.process.send_signal(number)
        return self.said()

    def said(self) -> str:
        """What was said until the end."""
        return self.process.communicate(timeout=20)[0]

    def _local_json(self) -> str:
        assert self.process.poll() is None, self.said()
        path = self.var / "local.json"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


@contextmanager
def running(var: Path, **environment: str) -> Iterator[Runner]:
    runner = Runner(var, **environment)
    try:
        yield runner
    finally:
        runner.process.kill()
        runner.process.wait()
        wait_until(lambda: not processes_on(var), 15, "the end of all children")


def processes_on(var: Path) -> list[str]:
    """Command lines of living processes that name the folder, or work in it, the runner's own excepted."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = str((entry / "cwd").readlink())
        except OSError:
            continue
        if str(var) in command or place.startswith(str(var)):
            found.append(command)
    return found


def test_local_json_lists_all_addresses_and_is_removed_at_the_end(folder: Path) -> None:
    with running(folder / "var") as runner:
        facts = runner.facts()
        assert set(facts) == {"url", "nats_url", "postgres_dsn", "mailbox_url", "erasure_list", "pids"}
        assert set(facts["pids"]) == {"postgres", "nats", "caddy"}
        assert facts["nats_url"].startswith("nats://observer:")
        path = folder / "var" / "local.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        said = runner.end()
        assert runner.process.returncode == 0
        assert facts["url"] in said
        assert facts["mailbox_url"] in said
        assert facts["nats_url"] not in said
        assert not path.exists()
        assert processes_on(folder / "var") == []


def test_no_secret_can_be_read_by_others(folder: Path) -> None:
    with running(folder / "var") as runner:
        runner.facts()
        for path in (folder / "var" / "secrets").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE((folder / "var" / "nats" / "nats.conf").stat().st_mode) == 0o600
        runner.end(signal.SIGINT)
        assert runner.process.returncode == 0


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(folder: Path) -> None:
    with running(folder / "var") as runner:
        before = runner.facts()
        second = Runner(folder / "var")
        assert f"Tradehall already runs on {folder / 'var'} (process {runner.process.pid})" in second.said()
        assert second.process.returncode == 1
        assert runner.facts() == before


def test_a_used_port_is_reported_with_a_remedy(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        runner = Runner(folder / "var", TRADEHALL_PORT=str(port))
        said = runner.said()
    assert runner.process.returncode == 1
    assert f"port {port} is taken" in said
    assert "TRADEHALL_PORT=" in said
    assert processes_on(folder / "var") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRADEHALL_PORT", "eighty"),
        ("TRADEHALL_PORT", "70000"),
        ("TRADEHALL_BIND", "everywhere"),
        ("TRADEHALL_PUBLIC_URL", "tradehall.example"),
        ("TRADEHALL_PUBLIC_URL", "https://tradehall.example/path"),
    ],
)
def test_an_invalid_setting_is_named(folder: Path, name: str, value: str) -> None:
    runner = Runner(folder / "var", **{name: value})
    assert f"{name} is '{value}'" in runner.said()
    assert runner.process.returncode == 1


def test_a_folder_that_cannot_be_created_is_reported_in_one_sentence(folder: Path) -> None:
    (folder / "file").write_text("")
    runner = Runner(folder / "file" / "var")
    said = runner.said()
    assert "cannot be written" in said
    assert "TRADEHALL_VAR" in said
    assert "Traceback" not in said


def test_a_broken_data_folder_is_kept_and_named(folder: Path) -> None:
    broken = folder / "var" / "postgres" / "data"
    broken.mkdir(parents=True)
    (broken / "something").write_text("")
    runner = Runner(folder / "var")
    said = runner.said()
    assert f"{broken} holds files but no PostgreSQL data" in said
    assert "Traceback" not in said
    assert processes_on(folder / "var") == []


def test_a_killed_process_is_restarted_and_reported(folder: Path) -> None:
    with running(folder / "var") as runner:
        first = runner.facts()
        for name in first["pids"]:
            os.kill(first["pids"][name], signal.SIGKILL)
        wait_until(
            lambda: all(runner.facts()["pids"][name] != pid for name, pid in first["pids"].items()),
            20,
            "new process ids in local.json",
        )
        wait_until(lambda: _reachable(first["url"]), 10, "the gateway")
        said = runner.end()
        for name in first["pids"]:
            assert f"{name} was killed (signal 9); it starts again" in said


def test_a_killed_runner_leaves_no_process_and_can_be_started_again(folder: Path) -> None:
    port = str(free_port())
    with running(folder / "var", TRADEHALL_PORT=port) as runner:
        lost = runner.facts()
        runner.end(signal.SIGKILL)
    with running(folder / "var", TRADEHALL_PORT=port) as runner:
        wait_until(lambda: runner.facts()["pids"] != lost["pids"], 20, "a local.json of its own")
        runner.end()
        assert runner.process.returncode == 0


def test_a_cancelled_start_leaves_no_process(folder: Path) -> None:
    with running(folder / "var") as runner:
        wait_until((folder / "var" / "log").is_dir, 10, "the beginning of the start")
        runner.end(signal.SIGINT)
        assert processes_on(folder / "var") == []


def test_frozen_processes_do_not_prevent_a_stop(folder: Path) -> None:
    with running(folder / "var") as runner:
        for pid in runner.facts()["pids"].values():
            os.kill(pid, signal.SIGSTOP)
        runner.process.send_signal(signal.SIGTERM)
        runner.process.communicate(timeout=10)
        assert processes_on(folder / "var") == []


def _reachable(url: str) -> bool:
    try:
        return plain_http.get(f"{url}/health").status_code == 200
    except httpx2.HTTPError:
        return False
