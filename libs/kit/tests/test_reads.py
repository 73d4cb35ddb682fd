"""Reads on the event loop: a query each, again after the server hung up, and an end to the wait for a silent one."""

import asyncio
import os
import signal
import time

import psycopg
import pytest

from embedded.postgres import Postgres
from kit.db.database import SILENCE_DEADLINE, WHOLE_DEADLINE
from kit.db.reads import Reads

_PID = "SELECT pg_backend_pid()"


def test_concurrent_queries_share_few_connections(postgres_dsn: str) -> None:
    async def work() -> None:
        reads = Reads(postgres_dsn)
        asked = [reads.all("SELECT %s::int, pg_backend_pid()", (number,)) for number in range(100)]
        rows = [row for answer in await asyncio.gather(*asked) for row in answer]
        assert [row[0] for row in rows] == list(range(100))
        assert 1 < len({row[1] for row in rows}) <= 4

    asyncio.run(work())


def test_each_query_is_a_transaction_of_its_own(postgres_dsn: str) -> None:
    async def work() -> None:
        reads = Reads(postgres_dsn)
        for _ in range(8):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await reads.all("SELECT 1 / 0")
            assert await reads.all("SELECT 1") == [(1,)]

    asyncio.run(work())


def test_a_read_is_repeated_after_the_server_closed_the_connection(postgres_dsn: str) -> None:
    async def work() -> None:
        reads = Reads(postgres_dsn)
        before = {(await reads.all(_PID))[0][0] for _ in range(4)}
        with psycopg.connect(postgres_dsn, autocommit=True) as other:
            for pid in before:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        after = {(await reads.all(_PID))[0][0] for _ in range(4)}
        assert not before & after

    asyncio.run(work())


def test_a_slow_query_is_cancelled_and_the_next_one_succeeds(postgres_dsn: str) -> None:
    async def work() -> None:
        reads = Reads(postgres_dsn)
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            await reads.all("SELECT pg_sleep(60)")
        assert time.monotonic() - began < 5
        for _ in range(4):
            assert await reads.all("SELECT 1") == [(1,)]

    asyncio.run(work())


def test_an_unreachable_server_is_an_operational_error() -> None:
    with pytest.raises(psycopg.OperationalError):
        asyncio.run(Reads("host=127.0.0.1 port=1 dbname=none user=none").all("SELECT 1"))


def test_a_frozen_server_times_out_once_and_is_retried_later(postgres_dsn: str, postgres_server: Postgres) -> None:
    async def work() -> None:
        reads = Reads(postgres_dsn)
        frozen = [postgres_server.pid, *[(await reads.all(_PID))[0][0] for _ in range(4)]]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(psycopg.OperationalError):
                await reads.all("SELECT 1")
            assert time.monotonic() - began < (SILENCE_DEADLINE + WHOLE_DEADLINE) / 2, "it was asked once more"
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        for _ in range(4):
            assert await reads.all("SELECT 1") == [(1,)]

    asyncio.run(work())


def test_the_connections_are_closed_when_the_service_ends(postgres_dsn: str) -> None:
    async def work() -> None:
        reads = Reads(postgres_dsn)
        running = asyncio.create_task(reads.run())
        for _ in range(4):
            await reads.all(_PID)
        running.cancel()
        await asyncio.wait([running])
        with psycopg.connect(postgres_dsn) as other:
            row = other.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND state IS NOT NULL"
            ).fetchone()
            assert row == (0,)

    asyncio.run(work())
