"""Waiting for a condition, never for a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout: float = 15.0, what: str = "the condition") -> T:
    """Ask until the answer is true, and return it; AssertionError after `timeout` seconds.

    The pause between two questions is a tenth of the time since the first, from 20 to 200 ms: many questions to a
    system that starts would slow its start.
    """
    started = time.monotonic()
    while True:
        answer = condition()
        if answer:
            return answer
        waited = time.monotonic() - started
        if waited > timeout:
            raise AssertionError(f"{what} did not come true within {timeout:g} s; last answer: {answer!r}")
        time.sleep(min(max(0.02, waited / 10), 0.2))


async def reached(condition: Callable[[], object], seconds: float = 3.0) -> None:
    """Return once the condition is true, while the event loop runs; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of anything, which sets no asyncio.Event
            await asyncio.sleep(0.002)


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work that never ends by itself beside the caller, and cancel it; raises what ended it early."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        assert not task.done() or task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
