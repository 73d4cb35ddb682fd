"""The requests that the simulators received, so that a test can wait for one instead of sleeping."""

import asyncio


class Journal:
    def __init__(self) -> None:
        self._entries: list[str] = []
        self._changed = asyncio.Condition()

    async def note(self, entry: str) -> None:
        async with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()

    def count(self, entry: str) -> int:
        return self._entries.count(entry)

    @property
    def entries(self) -> list[str]:
        """Command names, and `CONNECTED`, `PING`, `CLOSED`, in the order in which they came."""
        return list(self._entries)

    async def wait_for(self, entry: str, times: int = 1, *, within: float = 10.0) -> None:
        """Wait until the entry was recorded so many times. Raises TimeoutError."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: self.count(entry) >= times)
