"""The mailbox over HTTP: pages for users, and the read calls of Mailpit's API for programs."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from deploy.mailbox import pages
from deploy.mailbox.store import Store, whole

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Web(ThreadingHTTPServer):
    """Serves a store on 127.0.0.1."""

    daemon_threads = True

    def __init__(self, port: int, store: Store) -> None:
        self.store = store
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Web
    protocol_version = "HTTP/1.1"
    server_version = "mailbox"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        # A web page whose name is made to resolve to this machine must not read mails through the browser.
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in _LOCAL:
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", "The mailbox is for this machine only.\n")
            return
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        match address.path.strip("/").split("/"):
            case [""]:
                page = pages.list_page(self.server.store.newest(0, 100), self.server.store.count())
                self._answer(HTTPStatus.OK, "text/html", page)
            case ["messages", identifier]:
                self._mail(identifier, as_page=True)
            case ["api", "v1", "messages"]:
                self._list(query)
            case ["api", "v1", "message", identifier]:
                self._mail(identifier, as_page=False)
            case ["livez"]:
                self._answer(HTTPStatus.OK, "text/plain", "ok\n")
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", "Not found.\n")

    def _list(self, query: dict[str, list[str]]) -> None:
        try:
            start, limit = (max(0, int(query.get(key, [value])[0])) for key, value in _PAGING)
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST, "text/plain", "start and limit are whole numbers.\n")
            return
        messages = self.server.store.newest(start, limit)
        total = self.server.store.count()
        self._json({"total": total, "count": len(messages), "start": start, "messages": messages})

    def _mail(self, identifier: str, *, as_page: bool) -> None:
        mail = self.server.store.get(identifier)
        if mail is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", "There is no mail of that id.\n")
        elif as_page:
            self._answer(HTTPStatus.OK, "text/html", pages.mail_page(whole(mail)))
        else:
            self._json(whole(mail))

    def _json(self, value: dict[str, Any]) -> None:
        self._answer(HTTPStatus.OK, "application/json", json.dumps(value))

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in pages.HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the list page asks every five seconds."""


_PAGING = (("start", "0"), ("limit", "50"))
