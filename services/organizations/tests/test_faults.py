"""The service as a process, without the bus, with a frozen database."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx2

from embedded.nats import Nats
from embedded.ports import free_port
from embedded.postgres import Postgres
from embedded.signals import frozen
from kit.security.keys import MasterKey
from organizations.tests.http_helpers import BASE, make
from organizations.tests.running_service import RunningOrganizations
from testing import plain_http
from testing.identity import ISSUER
from testing.waiting import wait_until


def test_commands_succeed_without_the_bus_and_their_events_follow(postgres_dsn: str) -> None:
    with Nats() as nats, RunningOrganizations(postgres_dsn, nats.url) as running:
        owner = running.user()
        path = make(owner, "Before")
        organization = path.rpartition("/")[2]
        assert len(running.on_the_bus(organization, 1)) == 1
        nats.stop()
        nats.wipe()
        assert owner.patch(path, json={"name": "Meanwhile"}).status_code == 200
        assert owner.post(f"{path}/invitations", json={"email": "a@example.com", "role": None}).status_code == 201
        assert [each["name"] for each in owner.get(BASE).json()["items"]] == ["Meanwhile", "My organization"]
        nats.start()
        wait_until(lambda: running.identity.connected)
        wait_until(lambda: running.identity.stored("ORGANIZATIONS", f"evt.organizations.{organization}.>") == 3)
        published = [type(envelope.data).__name__ for envelope in running.on_the_bus(organization, 3)]
        assert published == ["OrgCreated", "OrgRenamed", "MemberInvited"]


def test_a_frozen_database_is_503_within_five_seconds_and_stores_nothing() -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(fsync=False))
        nats = stack.enter_context(Nats())
        running = stack.enter_context(RunningOrganizations(postgres.create_database("frozen"), nats.url))
        owner = running.user()
        path = make(owner, "Before")
        with frozen(postgres.pid):
            started = time.monotonic()
            answer = owner.patch(path, json={"name": "Meanwhile"})
            assert time.monotonic() - started < 6
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        wait_until(lambda: owner.get(path).status_code == 200)
        owner.patch(path, json={"name": "After"})
        assert owner.get(path).json()["name"] == "After"


def test_the_process_starts_from_its_environment_and_ends_on_sigterm(
    postgres_dsn: str, nats_server: Nats, tmp_path: Path
) -> None:
    port = free_port(None)
    key = tmp_path / "master.key"
    key.write_text(MasterKey.generate())
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TRADEHALL_SERVICE_PORT": str(port),
        "TRADEHALL_POSTGRES_DSN": postgres_dsn,
        "TRADEHALL_NATS_URL": nats_server.url,
        "TRADEHALL_NATS_PASSWORD": "none",
        "TRADEHALL_MASTER_KEY_FILE": str(key),
        "TRADEHALL_PUBLIC_URL": ISSUER,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "organizations"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_until(lambda: _status(port, "/readyz") == 200, 30, "the process")
        assert _status(port, "/livez") == _status(port, "/metrics") == _status(port, "/openapi.json") == 200
        assert _status(port, BASE) == 401
    finally:
        process.terminate()
    output, _ = process.communicate(timeout=5)
    assert process.returncode in (0, -signal.SIGTERM)
    assert b"Traceback" not in output
    assert key.read_bytes().strip().split(b":")[1] not in output


def _status(port: int, path: str) -> int:
    try:
        return plain_http.get(f"http://127.0.0.1:{port}{path}").status_code
    except httpx2.TransportError:
        return 0
