"""The connection to a bus that is away, and questions of which one replica never answers."""

import asyncio

import nats
import pytest
from pydantic import BaseModel, SecretStr

from embedded.nats import Nats
from kit.bus import Bus, BusUnavailable


@pytest.mark.parametrize("after", [0.0, 0.0003, 0.0005, 0.0007, 0.001, 0.01, 0.26])
def test_a_connection_that_is_still_attempted_ends_when_told_to(after: float) -> None:
    async def ends() -> None:
        running = asyncio.create_task(Bus("nats://127.0.0.1:1", "notebook", SecretStr("p")).run())
        await asyncio.sleep(after)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=3)
        assert done

    asyncio.run(ends())


class Word(BaseModel):
    text: str


def test_questions_that_a_frozen_replica_was_handed_are_answered_by_another(nats_server: Nats) -> None:
    async def scenario() -> int:
        well, asker = (Bus(nats_server.url, name, SecretStr("p")) for name in ("owner", "asker"))
        well.answers("rpc.word", Word, lambda asked: asked)
        running = [asyncio.create_task(one.run()) for one in (well, asker)]
        frozen = await nats.connect(nats_server.url)
        try:
            await frozen.subscribe("rpc.word", queue="owner")
            await frozen.flush()
            for _ in range(200):
                if await _answered(asker):
                    break
                await asyncio.sleep(0.05)
            return sum(await asyncio.gather(*(_answered(asker) for _ in range(60))))
        finally:
            await frozen.close()
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    # Of four tries of one question, all may by chance go to the frozen one; of single tries, half would.
    assert asyncio.run(scenario()) >= 45


async def _answered(asker: Bus) -> bool:
    try:
        return await asker.ask("rpc.word", Word(text="echo"), Word) == Word(text="echo")
    except BusUnavailable:
        return False
