"""Shared by the simulators: a listening socket, its connections, and the ways in which connections end."""

import asyncio
import socket
import ssl
import struct
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from metatrader.simulator.broker import Broker, Manager
from metatrader.simulator.faults import Faults
from metatrader.simulator.journal import Journal
from metatrader.simulator.replies import Reply, reply

_GOODBYE = 0.05
"""Seconds that a client has to answer the end of TLS; one that waits for nothing reads nothing."""


class Ended(Exception):
    """The connection is over."""


class Simulator(ABC):
    """Use as `async with`; listens on `port`, which is chosen when it is 0."""

    def __init__(
        self,
        broker: Broker,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        idle: float = 120.0,
    ) -> None:
        """A connection without a packet for `idle` seconds is cut."""
        self.broker = broker
        self.host = host
        self.port = port
        self.faults = Faults()
        self.journal = Journal()
        self.idle = idle
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept,
            self.host,
            self.port,
            ssl=self._tls,
            ssl_shutdown_timeout=_GOODBYE if self._tls else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self.drop()
        await self._server.wait_closed()

    async def drop(self) -> None:
        """Close all connections, as a restarting server does."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        await self.journal.note("CONNECTED")
        try:
            await self.serve(reader, writer)
        except (Ended, OSError, TimeoutError, asyncio.CancelledError):
            pass  # the peer went, was cut, or the simulator ends: a server goes on with the others
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            await self.journal.note("CLOSED")

    def reply(self, manager: Manager, name: str, params: Mapping[str, str]) -> Reply:
        """The answer to a command of a signed-in manager."""
        return reply(self.broker, manager, name, params)

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""


async def reset(writer: asyncio.StreamWriter) -> None:
    """Ends with RST instead of FIN, after what was written has left."""
    await writer.drain()
    plain: socket.socket | None = writer.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise Ended


async def half(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data[: len(data) // 2])
    await writer.drain()


async def silence(reader: asyncio.StreamReader) -> None:
    """Wait until the peer has disconnected."""
    while await reader.read(65536):
        pass
    raise Ended
