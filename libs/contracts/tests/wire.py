"""A raw client of the NATS protocol: sends many commands at once and collects refusals."""

import json
import re
import socket
from collections.abc import Iterable
from types import TracebackType
from typing import Self

_REFUSED = re.compile(rb"-ERR 'Permissions Violation for (Publish|Subscription) to \"([^\"]+)\"")


class Wire:
    """A connection of one user; raises ConnectionError where the server does not let it in."""

    def __init__(self, port: int, user: str | None, password: str | None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        who = {"user": user, "pass": password} if user else {}
        options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, **who}
        self._socket.sendall(b"CONNECT " + json.dumps(options).encode() + b"\r\n")
        try:
            self._until_pong()
        except ConnectionError:
            self.close()
            raise

    def refused(self, actions: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (publish or subscribe, subject) that the server does not allow."""
        for number, (verb, subject) in enumerate(actions):
            command = f"PUB {subject} 0\r\n\r\n" if verb == "publish" else f"SUB {subject} {number}\r\n"
            self._socket.sendall(command.encode())
        verbs = {b"Publish": "publish", b"Subscription": "subscribe"}
        return {(verbs[found[1]], found[2].decode()) for line in self._until_pong() if (found := _REFUSED.match(line))}

    def _until_pong(self) -> list[bytes]:
        """What the server said before it answered a PING: all that it thinks of what went before."""
        self._socket.sendall(b"PING\r\n")
        lines: list[bytes] = []
        while (line := self._lines.readline()) != b"PONG\r\n":
            if not line:
                raise ConnectionError(f"the server hung up: {lines}")
            lines.append(line)
        return lines

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
