"""What signing in with a password reaches: beside the slow hash alone, and how others are answered meanwhile."""

import asyncio
import itertools
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from urllib.parse import urlencode

from argon2 import PasswordHasher
from pydantic import SecretStr

from identity.container import Container
from identity.service import IdentityService
from identity.settings import Settings
from kit.db.migrations import opened
from kit.security.keys import MasterKey
from runtime.application import migrations_of
from tests.benchmarks.comparison import CONNECTIONS, ROUNDS, Running
from tests.benchmarks.figures import Bound, Figure, p99, show
from tests.benchmarks.load import measure, post
from tests.benchmarks.tokens import identity

SECONDS = 2.0
GOAL, LONGEST = 0.6, 0.050
PAUSE = 0.01
_PASSWORD = "a long walk on a Sunday"


def figures() -> Iterator[Figure]:
    """The rate, and how others are answered."""
    with identity(fill=_people) as service:
        shares, rates, alone, livez = _rounds(service.process)
    yield Figure(
        "password sign-ins",
        (Bound("of argon2id alone", statistics.median(shares), GOAL),),
        f"{statistics.median(rates):.1f}/s against {statistics.median(alone):.1f}/s",
        "the processor",
        (min(shares), max(shares)),
    )
    yield Figure(
        "`/livez` during password sign-ins",
        (Bound("ms p99", p99(livez), LONGEST * 1000, most=True, form="{:.1f}"),),
        f"median {statistics.median(livez) * 1000:.1f} ms, n {len(livez)}",
        "the processor",
    )


def _rounds(service: Running) -> tuple[list[float], list[float], list[float], list[float]]:
    """(shares, sign-ins per second, hashes per second alone, seconds of each /livez meanwhile)."""
    sign_ins = itertools.cycle([_sign_in(number) for number in range(CONNECTIONS)])
    rates, alone, livez = list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        alone.append(_hashes_per_second(SECONDS))
        with _asking_livez(service.port) as seconds:
            rates.append(measure(service.port, lambda: next(sign_ins), connections=CONNECTIONS, seconds=SECONDS).rate)
        livez += seconds
    return [rate / most for rate, most in zip(rates, alone, strict=True)], rates, alone, livez


def _people(settings: Settings, dsn: str) -> None:
    database = opened(SecretStr(dsn), migrations_of(IdentityService))
    try:
        parts = Container(settings, database, MasterKey(settings.master_key), lambda: datetime.now(UTC))
        for number in range(CONNECTIONS):
            parts.passwords.choose_invited(f"person{number}@example.com", _PASSWORD)
    finally:
        database.close()


def _sign_in(number: int) -> bytes:
    form = {"email": f"person{number}@example.com", "password": _PASSWORD}
    return post("/login", urlencode(form), "User-Agent: benchmark")


def _hashes_per_second(seconds: float) -> float:
    """With the parameters of identity, in as many threads as there are cores."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    stored, cores = hasher.hash(_PASSWORD), os.cpu_count() or 1
    until = time.perf_counter() + seconds

    def verify() -> int:
        done = 0
        while time.perf_counter() < until:
            hasher.verify(stored, _PASSWORD)
            done += 1
        return done

    begun = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        done = sum(each.result() for each in [pool.submit(verify) for _ in range(cores)])
    return done / (time.perf_counter() - begun)


@contextmanager
def _asking_livez(port: int) -> Iterator[Sequence[float]]:
    """Somebody asks every PAUSE seconds from a thread of their own; the seconds of their answers are added."""
    over, seconds = Event(), list[float]()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(lambda: asyncio.run(_ask(port, over, seconds)))
        try:
            yield seconds
        finally:
            over.set()
            asking.result()


async def _ask(port: int, over: Event, seconds: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not over.is_set():
        begun = time.perf_counter()
        writer.write(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 2"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        seconds.append(time.perf_counter() - begun)
        await asyncio.sleep(PAUSE)
    writer.close()


if __name__ == "__main__":
    show(figures())
