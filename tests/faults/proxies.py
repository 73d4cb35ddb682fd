"""TCP proxies between services and their servers, with injectable faults."""

import asyncio
from contextlib import suppress

_CHUNK = 65_536


class Proxy:
    """In front of one port of 127.0.0.1. All of it happens on one event loop."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._refusing = False
        self._deaf = False
        self._delay = 0.0

    async def start(self) -> int:
        """The port it listens on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._abort()

    async def cut(self, seconds: float) -> None:
        """Reset all connections, and new ones for so long."""
        self._refusing = True
        self._abort()
        await asyncio.sleep(seconds)
        self._refusing = False

    async def stall(self, seconds: float) -> None:
        """Drop all data in both directions for a time, without closing connections."""
        self._passing.clear()
        await asyncio.sleep(seconds)
        self._passing.set()

    async def delay(self, seconds: float) -> None:
        """For so long, everything takes a twentieth of that longer each way."""
        self._delay = seconds / 20
        await asyncio.sleep(seconds)
        self._delay = 0.0

    async def deafen(self, seconds: float) -> None:
        """For so long, what is said to the server gets through, and its answer is a reset."""
        self._deaf = True
        await asyncio.sleep(seconds)
        self._deaf = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, to_server}
        self._writers |= pair
        try:
            await asyncio.gather(self._pass_on(reader, to_server), self._pass_on(server, writer, answers=True))
        finally:
            self._writers -= pair
            for one in pair:
                one.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if answers and self._deaf:
                    writer.transport.abort()
                    return
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._passing.wait()
                writer.write(chunk)
                await writer.drain()
        await self._passing.wait()
        writer.close()

    def _abort(self) -> None:
        for one in self._writers:
            one.transport.abort()
