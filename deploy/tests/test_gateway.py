"""The generated gateway, a real Caddy, in front of a small HTTP server."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import httpx2
import pytest

from deploy.gateway.routing import ROUTES
from deploy.local.folder import VarFolder
from deploy.local.gateway_and_mailbox import Caddy
from embedded import Process, free_port, temporary_folder
from testing import plain_http
from testing.waiting import wait_until


class _Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._read_body()
        seen = {"path": self.path, "request_id": self.headers["X-Request-Id"]}
        content = json.dumps({**seen, "from": self.headers["X-Forwarded-For"]}).encode()
        port = cast(ThreadingHTTPServer, self.server).server_port
        self.send_response(200 if port != _unready.get("port") else 503)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "session=confidential")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def _read_body(self) -> None:
        if self.headers["Transfer-Encoding"] != "chunked":
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            return
        while size := int(self.rfile.readline() or b"0", 16):
            self.rfile.read(size + 2)
        self.rfile.readline()

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Caddy hangs up in the middle of a body that is too large."""


_unready: dict[str, int] = {}


@dataclass
class Setting:
    client: httpx2.Client
    process: Process
    logs: Path
    upstream: int


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    """identity is there, organizations is dead."""
    upstream = _Server(("127.0.0.1", 0), _Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    with temporary_folder() as folder:
        caddy = Caddy(VarFolder(folder), "127.0.0.1", free_port())
        process = caddy.process(
            {
                "identity": [f"127.0.0.1:{upstream.server_port}"],
                "organizations": [f"127.0.0.1:{free_port()}"],
            }
        )
        process.start()
        process.wait_until(caddy.is_up, 10, "Caddy")
        with plain_http.client(base_url=f"http://127.0.0.1:{caddy.port}") as client:
            yield Setting(client, process, folder / "log", upstream.server_port)
        process.stop()
    upstream.shutdown()
    upstream.server_close()


def test_a_request_goes_on_to_its_service_with_the_callers_request_id(setting: Setting) -> None:
    answer = setting.client.get("/login?next=1", headers={"X-Request-Id": "mine.1", "X-Forwarded-For": "6.6.6.6"})
    assert answer.json() == {"path": "/login?next=1", "request_id": "mine.1", "from": "127.0.0.1"}
    assert answer.headers["X-Request-Id"] == "mine.1"
    assert "Server" not in answer.headers


def test_forwarded_addresses_are_trusted_from_known_proxies_only(setting: Setting) -> None:
    """Otherwise all who come through it would be one caller to every limit."""
    asked = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    for front, believed in (("", "127.0.0.1"), ("192.0.2.1/32 127.0.0.1/32", "6.6.6.6, 203.0.113.9, 127.0.0.1")):
        with temporary_folder() as folder:
            caddy = Caddy(VarFolder(folder), "127.0.0.1", free_port(), front)
            process = caddy.process({"identity": [f"127.0.0.1:{setting.upstream}"]})
            process.start()
            process.wait_until(caddy.is_up, 10, "Caddy")
            told = plain_http.get(f"http://127.0.0.1:{caddy.port}/login", headers=asked).json()["from"]
            process.stop()
        assert told == believed


@pytest.mark.parametrize(
    "path", [path.replace("*", "x") for route in ROUTES if route.service == "identity" for path in route.paths]
)
def test_every_path_of_the_table_reaches_its_service(setting: Setting, path: str) -> None:
    assert setting.client.get(path).json()["path"] == path


@pytest.mark.parametrize("unfit", ["", "a b", "x" * 65, "né", "a\tb"])
def test_an_unfit_request_id_is_replaced(setting: Setting, unfit: str) -> None:
    answer = setting.client.get("/login", headers={b"X-Request-Id": unfit.encode()})
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] != unfit
    assert len(answer.headers["X-Request-Id"]) == 36


def test_a_dead_service_is_503_with_retry_after(setting: Setting) -> None:
    answer = setting.client.get("/api/v1/organizations", headers={"X-Request-Id": "mine.2"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["X-Request-Id"] == "mine.2"
    assert answer.json()["code"] == "service-unavailable"


def test_health_names_the_service_that_is_not_ready(setting: Setting) -> None:
    answer = setting.client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["not_ready"] == ["organizations"]
    _unready["port"] = setting.upstream
    try:
        assert setting.client.get("/health").json()["not_ready"] == ["identity"]
    finally:
        _unready.clear()


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/metrics", "/readyz", "/livez"])
def test_an_unrouted_path_is_404(setting: Setting, path: str) -> None:
    answer = setting.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize(
    "path", ["/metrics/../login", "/metrics/%2e%2e/login", "//metrics/../login", "/login//x", "/login/."]
)
def test_a_malformed_path_reaches_no_service(setting: Setting, path: str) -> None:
    raw = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    assert _raw(setting, raw).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_one_mebibyte_is_413(setting: Setting, chunked: bool) -> None:
    body = b"x" * (2**20 + 1)
    answer = setting.client.post("/login", content=iter([body]) if chunked else body)
    assert answer.status_code == 413
    assert answer.json()["code"] == "body-too-large"
    fitting = body[1:]
    assert setting.client.post("/login", content=iter([fitting]) if chunked else fitting).status_code == 200


def test_a_malformed_request_is_400(setting: Setting) -> None:
    assert _raw(setting, b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_the_root_redirects_to_identity(setting: Setting) -> None:
    assert setting.client.get("/").json()["path"] == "/"


def test_no_log_holds_a_token_a_query_or_a_header(setting: Setting) -> None:
    secrets = ["confidential", "QUERY", "TOKEN"]
    headers = {
        "Authorization": "Bearer confidential",
        "Cookie": "session=confidential",
        "Referer": "http://localhost/invitations/TOKEN",
    }
    for path in (
        "/login?code=QUERY",
        "/invitations/TOKEN",
        "/password/reset/TOKEN",
        "/api/v1/invitations/TOKEN/accept",
        "/api/v1/invitations/TOKEN/x?y=QUERY",
    ):
        setting.client.get(path, headers={**headers, "X-Request-Id": "the.last"})
    log = setting.logs / "access.log"
    wait_until(lambda: log.read_text().count("the.last") == 5)
    written = "".join(path.read_text() for path in setting.logs.iterdir())
    assert [secret for secret in secrets if secret in written] == []
    assert "/invitations/masked" in written
    assert "/login?masked" in written
    assert log.stat().st_mode & 0o077 == 0


def _raw(setting: Setting, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", setting.client.base_url.port or 0), timeout=5) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline()
