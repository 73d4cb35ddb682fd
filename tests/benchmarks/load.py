"""Load over kept connections by one process, and the bare endpoint as the reference of every figure."""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import uvicorn
import uvloop
from fastapi import FastAPI

_HEAD_END = b"\r\n\r\n"
Asked = bytes | Callable[[], bytes]
"""The same request again and again, or one that makes each."""


@dataclass(frozen=True)
class Measured:
    """`seconds` are the times of the single answers."""

    rate: float
    seconds: Sequence[float]

    @property
    def p99(self) -> float:
        """In seconds."""
        return statistics.quantiles(self.seconds, n=100)[98]


def post(path: str, body: str, *headers: str, kind: str = "application/x-www-form-urlencoded") -> bytes:
    """A request with a body, a form unless told, as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def get(path: str, *headers: str) -> bytes:
    """A request without a body, as bytes."""
    return ("\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers]) + "\r\n\r\n").encode()


def measure(port: int, request: Asked, *, connections: int = 16, seconds: float = 3.0) -> Measured:
    """Requests one after the other on each connection. Raises AssertionError for an answer that is not 2xx or 3xx."""
    return uvloop.run(_measure(port, request, connections, seconds))


async def _measure(port: int, request: Asked, connections: int, seconds: float) -> Measured:
    loop = asyncio.get_running_loop()
    callers = [_Caller(request if callable(request) else lambda: request) for _ in range(connections)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
    begun = time.perf_counter()
    for caller in callers:
        caller.until = begun + seconds
        caller.ask()
    await asyncio.gather(*(caller.done for caller in callers))
    times = [each for caller in callers for each in caller.seconds]
    return Measured(len(times) / (time.perf_counter() - begun), times)


class _Caller(asyncio.Protocol):
    """One connection: asks, waits for the whole answer, asks again."""

    def __init__(self, request: Callable[[], bytes]) -> None:
        self._request = request
        self._answer = b""
        self._length: int | None = None
        self._asked_at = 0.0
        self.until = 0.0
        self.seconds: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's derives from no class of asyncio

    def ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._request())

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._length is None and _HEAD_END in self._answer:
            self._length = _whole_length(self._answer)
        if self._length is None or len(self._answer) < self._length:
            return
        if not self._answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3")):
            self._end(AssertionError(self._answer[:300].decode(errors="replace")))
            return
        now = time.perf_counter()
        self.seconds.append(now - self._asked_at)
        self._answer, self._length = b"", None
        if now < self.until:
            self.ask()
        else:
            self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or AssertionError("the server hung up"))

    def _end(self, error: Exception | None) -> None:
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()


def _whole_length(answer: bytes) -> int:
    head, _, _ = answer.lower().partition(_HEAD_END)
    _, _, rest = head.partition(b"\r\ncontent-length:")
    return len(head) + len(_HEAD_END) + int(rest.partition(b"\r\n")[0] or 0)


def bare() -> FastAPI:
    """What FastAPI costs by itself."""
    app = FastAPI()

    @app.get("/")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


if __name__ == "__main__":
    uvicorn.run(bare(), host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)
