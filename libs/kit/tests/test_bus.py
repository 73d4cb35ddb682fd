"""The connection to a bus that is away or frozen, and questions of which one replica never answers."""

import asyncio
import os
import signal
import time

import nats
import nats.errors
import pytest
from pydantic import BaseModel, SecretStr

from embedded.nats import Nats
from kit.messaging.bus import Bus, BusUnavailable
from kit.tests.test_delivery import running
from testing.waiting import wait_until


@pytest.mark.parametrize("after", [0.0, 0.0003, 0.0005, 0.0007, 0.001, 0.01, 0.26])
def test_a_connection_attempt_is_cancellable(after: float) -> None:
    async def ends() -> None:
        connecting = asyncio.create_task(Bus("nats://127.0.0.1:1", "notebook", SecretStr("p")).run())
        asyncio.get_running_loop().call_later(after, connecting.cancel)
        done, _ = await asyncio.wait([connecting], timeout=3)
        assert done

    asyncio.run(ends())


class Word(BaseModel):
    text: str


def test_requests_to_a_frozen_replica_are_answered_by_another(nats_server: Nats) -> None:
    async def scenario() -> int:
        well, asker = (Bus(nats_server.url, name, SecretStr("p")) for name in ("owner", "asker"))
        well.answers("rpc.word", Word, lambda asked: asked)
        serving = [asyncio.create_task(one.run()) for one in (well, asker)]
        frozen = await nats.connect(nats_server.url)
        try:
            await frozen.subscribe("rpc.word", queue="owner")
            await frozen.flush()
            async with asyncio.timeout(20):
                for bus in (well, asker):
                    while not bus.connected:
                        await bus.quiet(20)
                while not await _answered(asker):
                    pass  # each question has its own patience
            return sum(await asyncio.gather(*(_answered(asker) for _ in range(60))))
        finally:
            await frozen.close()
            for one in serving:
                one.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    # Of four tries of one question, all may by chance go to the frozen one; of single tries, half would.
    assert asyncio.run(scenario()) >= 45


async def _answered(asker: Bus) -> bool:
    try:
        return await asker.ask("rpc.word", Word(text="echo"), Word) == Word(text="echo")
    except BusUnavailable:
        return False


def test_a_stream_request_on_a_lost_connection_is_repeated_after_three_seconds(nats_server: Nats) -> None:
    bus = Bus(nats_server.url, "asker", SecretStr("p"))
    with running(bus.run) as loop:
        wait_until(lambda: bus.connected)
        try:
            os.kill(nats_server.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, nats_server.pid, os.WSTOPPED)
            began = time.monotonic()
            with pytest.raises(nats.errors.TimeoutError):
                asyncio.run_coroutine_threadsafe(bus.jetstream.stream_info("WORDS"), loop).result(10)
            assert time.monotonic() - began < 4
            wait_until(lambda: not bus.connected)
        finally:
            os.kill(nats_server.pid, signal.SIGCONT)
        wait_until(lambda: bus.connected)
