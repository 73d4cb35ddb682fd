"""A wake-up for background work of the event loop, given from any thread."""

import asyncio
from contextlib import suppress


class WakeUp:
    """Wake-ups given before the loop runs, or after it is closed, are dropped: waiting workers have a timer too."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> None:
        """Deliver wake-ups to the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def set(self) -> None:
        """Wake the waiting workers, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    def clear(self) -> None:
        """Forget the wake-ups so far. Call it before looking for work, so that one that comes meanwhile is kept."""
        self._event.clear()

    async def wait(self, seconds: float) -> None:
        """Return at a wake-up, at the latest after so many seconds."""
        with suppress(TimeoutError):
            # Not asyncio.wait_for: up to Python 3.11 it can swallow the cancellation that ends the task (gh-86296).
            async with asyncio.timeout(seconds):
                await self._event.wait()
