"""The gateway in front of two replicas: one that is gone, frozen, not ready, or ends in the middle of a request."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import httpx2
import pytest

from deploy.local.folder import VarFolder
from deploy.local.gateway_and_mailbox import Caddy
from embedded import free_port, temporary_folder
from testing import plain_http
from testing.waiting import wait_until

_FOUND_OUT = 3.0  # seconds


class Replica(ThreadingHTTPServer):
    """Counts what it is asked. `mood`: well, unready, frozen (accepts and says nothing), or dying (hangs up once it
    has read a request)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mood = "well"
        self.asked: Counter[str] = Counter()
        self.thawed = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """The gateway hangs up on a replica that does not answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        replica = cast(Replica, self.server)
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if replica.mood == "frozen":
            replica.thawed.wait(30)
        ready = self.path == "/readyz"
        if not ready:
            replica.asked[self.command] += 1
            if replica.mood == "dying":
                self.close_connection = True
                return
        self.send_response(503 if ready and replica.mood == "unready" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def replicas() -> Iterator[list[Replica]]:
    made = [Replica(), Replica()]
    yield made
    for one in made:
        one.thawed.set()
        one.shutdown()
        one.server_close()


@contextmanager
def _gateway(*addresses: str) -> Iterator[httpx2.Client]:
    with temporary_folder() as folder:
        caddy = Caddy(VarFolder(folder), "127.0.0.1", free_port())
        process = caddy.process({"identity": addresses})
        process.start()
        try:
            process.wait_until(caddy.is_up, 10, "Caddy")
            with plain_http.client(base_url=f"http://127.0.0.1:{caddy.port}", timeout=20) as client:
                yield client
        finally:
            process.stop()


def _all_well(client: httpx2.Client, ask: Callable[[], httpx2.Response]) -> None:
    assert [ask().status_code for _ in range(20)] == [200] * 20


def test_both_replicas_share_the_requests(replicas: list[Replica]) -> None:
    with _gateway(*(one.address for one in replicas)) as client:
        _all_well(client, lambda: client.get("/login"))
        assert all(one.asked["GET"] > 2 for one in replicas)


def test_an_unreachable_replica_fails_no_request(replicas: list[Replica]) -> None:
    with _gateway(f"127.0.0.1:{free_port()}", replicas[0].address) as client:
        _all_well(client, lambda: client.post("/login", content=b"x" * 100_000))
        assert client.get("/health").status_code == 200
        assert replicas[0].asked["POST"] == 20


def test_a_replica_that_is_not_ready_gets_no_requests(replicas: list[Replica]) -> None:
    with _gateway(*(one.address for one in replicas)) as client:
        replicas[0].mood = "unready"
        until = time.monotonic() + _FOUND_OUT
        wait_until(lambda: time.monotonic() > until)
        before = replicas[0].asked["GET"]
        _all_well(client, lambda: client.get("/login"))
        assert client.get("/health").status_code == 200
        assert replicas[0].asked["GET"] == before
        replicas[1].mood = "unready"
        wait_until(lambda: client.get("/health").status_code == 503)
        wait_until(lambda: client.get("/login").status_code == 503)


def test_only_reads_are_repeated_after_a_lost_connection(replicas: list[Replica]) -> None:
    with _gateway(*(one.address for one in replicas)) as client:
        for one in replicas:
            one.mood = "dying"
        assert client.post("/login", content=b"x", headers={"Idempotency-Key": "k"}).status_code == 503
        assert sum(one.asked["POST"] for one in replicas) == 1
    replicas[1].mood = "well"
    replicas[0].asked.clear()
    with _gateway(*(one.address for one in replicas)) as client:
        wait_until(lambda: client.get("/login").status_code == 200 and replicas[0].asked["GET"] > 0)
        assert replicas[1].asked["GET"] > 0


def test_a_frozen_replica_delays_a_read_at_most_six_seconds(replicas: list[Replica]) -> None:
    with _gateway(*(one.address for one in replicas)) as client:
        _all_well(client, lambda: client.get("/login"))
        replicas[0].mood = "frozen"
        began = time.monotonic()
        _all_well(client, lambda: client.get("/login"))
        assert time.monotonic() - began < 9
