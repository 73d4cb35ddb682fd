"""The connection to a bus that is away."""

import asyncio

import pytest
from pydantic import SecretStr

from kit.bus import Bus


@pytest.mark.parametrize("after", [0.0, 0.0003, 0.0005, 0.0007, 0.001, 0.01, 0.26])
def test_a_connection_that_is_still_attempted_ends_when_told_to(after: float) -> None:
    async def ends() -> None:
        running = asyncio.create_task(Bus("nats://127.0.0.1:1", "notebook", SecretStr("p")).run())
        await asyncio.sleep(after)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=3)
        assert done

    asyncio.run(ends())
