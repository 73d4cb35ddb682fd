"""The shell of a service: its background work ends, whatever happens to a cancellation."""

import asyncio

from kit.service import _ended


def test_work_that_loses_a_cancellation_ends_all_the_same() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while lost < 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
        await asyncio.Event().wait()

    async def scenario() -> bool:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await asyncio.wait_for(_ended([task]), 10)
        return task.cancelled()

    assert asyncio.run(scenario())
    assert lost == 1
