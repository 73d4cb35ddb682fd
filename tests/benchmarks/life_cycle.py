"""The life of a user in identity: register, rename, lock after failed sign-ins, unlock, erase.

By the service's use cases on PostgreSQL, in one process with several callers; what an elected worker does (deciding
about registrations, telling of locks) is done by one caller at a time. The reference is as many single-row commits as
the life has commands, by as many connections.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Lock

import psycopg
from pydantic import SecretStr

from embedded.postgres import Postgres
from identity.container import Container
from identity.login_throttle.service import FREE
from identity.service import IdentityService
from identity.settings import Settings
from kit.db.database import Database
from kit.db.migrations import opened
from kit.security.keys import MasterKey
from runtime.application import migrations_of
from tests.benchmarks.comparison import environment
from tests.benchmarks.figures import Bound, Figure, show

CALLERS = 8
LIVES = 30
"""Of each caller, in each round."""
ROUNDS = 5
COMMANDS = 5
GOAL = 66 / 50
"""Lives in a second for each core: what ZITADEL publishes for 50 vCPU."""


def figures() -> Iterator[Figure]:
    """One."""
    with Postgres(fsync=False) as server:
        dsn = server.create_database("identity")
        database = opened(SecretStr(dsn), migrations_of(IdentityService))
        try:
            lives = _Lives(dsn, database)
            lives.live()
            rates, references = [], []
            for _ in range(ROUNDS):
                references.append(_rate(COMMANDS * LIVES, lambda: _commits(dsn)) / COMMANDS)
                rates.append(_rate(LIVES, lambda: lives.live))
        finally:
            database.close()
    cores = os.cpu_count() or 1
    yield Figure(
        "user life cycle (register, rename, lock, unlock, erase)",
        (Bound("/s for each core", statistics.median(rates) / cores, GOAL, form="{:.1f}"),),
        f"{statistics.median(rates):.0f}/s; as many single-row commits: {statistics.median(references):,.0f}/s, "
        f"ratio {statistics.median(map(lambda own, other: own / other, rates, references)):.3f}",
        "the process",
        (min(rates) / cores, max(rates) / cores),
    )


class _Lives:
    def __init__(self, dsn: str, database: Database) -> None:
        given = environment(1, dsn, "nats://127.0.0.1:1", MasterKey.generate(), "http://localhost")
        self._late = timedelta()
        self._numbers = itertools.count()
        self._elected = Lock()
        settings = Settings.load(given)
        self._parts = Container(
            settings, database, MasterKey(settings.master_key), lambda: datetime.now(UTC) + self._late
        )

    def live(self) -> None:
        """One life, from an address that nobody used."""
        parts, number = self._parts, next(self._numbers)
        email, network = f"person{number}@example.com", f"198.51.{number // 250 % 250}.{number % 250}"
        parts.registration.register(email)
        with self._elected:
            while parts.registration.decide_one():
                pass
        known = parts.views.credentials(email)
        assert known is not None
        parts.users.rename(known.user_id, f"Person {number}")
        for _ in range(FREE):
            parts.login_throttle.failed(parts.login_throttle.sign_in(email, network, None))
        with self._elected:
            self._late += timedelta(seconds=1.1)  # a lock is told once the attempt is over
            while parts.login_throttle.record_one_lock():
                pass
        parts.login_throttle.unlock(known.user_id)
        parts.erasure.erase(known.user_id)


def _commits(dsn: str) -> Callable[[], object]:
    """Of one caller, on a connection of its own."""
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute("CREATE TABLE IF NOT EXISTS commits (n bigserial PRIMARY KEY, text text)")
    return lambda: connection.execute("INSERT INTO commits (text) VALUES (%s)", ("one row",))


def _rate(times: int, caller: Callable[[], Callable[[], object]]) -> float:
    """How often a second the callers do what each of them was given."""
    work = [caller() for _ in range(CALLERS)]

    def repeat(one: Callable[[], object]) -> None:
        for _ in range(times):
            one()

    begun = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(repeat, work))
    return CALLERS * times / (time.perf_counter() - begun)


if __name__ == "__main__":
    show(figures())
