"""Long lists out of a report database: readers who rest, servers that stop, and deals that lie in two places."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing

import pytest

from platforms.accounts.model import Row
from platforms.accounts.service import ReadRequest, SourceUnavailable
from platforms.checks.domain import Result, Step
from platforms.connectors.report_database import mysql
from platforms.connectors.report_database import reading as tables
from platforms.connectors.report_database.tests.test_db_checks import report
from platforms.tests.mariadb import READER, MariaDb
from platforms.tests.tables import MT5, mt5_database
from platforms.tests.world import World
from testing.waiting import wait_until

pytestmark = pytest.mark.anyio


def deals(world: World, server: MariaDb, name: str, asked: ReadRequest | None = None) -> AsyncGenerator[Row, None]:
    """All deals of a database, or what is asked."""
    organization, platform = world.platform(api="none")
    world.give(organization, platform, "db", **report(server, name))
    reader = world.parts.reader
    return reader.rows(reader.source(organization, platform, "db"), asked or ReadRequest("deals"))


def many(server: MariaDb, name: str, count: int) -> str:
    server.database(name, *MT5)
    server.run(
        "INSERT INTO mt5_deals (Deal, Login, Timestamp, Action, Entry, Time, TimeMsc, Symbol, Price, Volume, Profit, "
        "Comment) SELECT seq, 8001, 1, 0, 0, '2026-01-02' + INTERVAL seq SECOND, '2026-01-02', REPEAT('€', 32), 1.1, "
        f"100, 1, REPEAT('😀', 32) FROM seq_1_to_{count}",
        database=name,
    )
    return name


async def test_a_slow_reader_keeps_no_statement_running(world: World, mariadb: MariaDb) -> None:
    """Else the server would end it at its time limit, in the middle of somebody's slow download."""
    name = many(mariadb, "long_resting", 30_000)
    async with aclosing(deals(world, mariadb, name)) as found:
        first = await anext(found)
        wait_until(lambda: mariadb.states(READER) == ["Sleep"], 5)
        rest = [row[0] async for row in found]
    assert [first[0], *rest] == list(range(1, 30_001))


async def test_a_database_that_stops_during_a_list_times_out(
    world: World, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PIECE", 10)
    name = many(mariadb, "long_stopping", 25)
    found = deals(world, mariadb, name)
    assert [(await anext(found))[0] for _ in range(10)] == list(range(1, 11))
    monkeypatch.setattr(mysql, "STATEMENT_SECONDS", -1.8)  # and two seconds more for the way
    with mariadb.stopped(), pytest.raises(SourceUnavailable) as refused:
        await anext(found)
    assert "timeout" in str(refused.value.detail)


async def test_a_database_that_stops_during_a_check_fails_its_stage(
    world: World, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = mt5_database(mariadb, "long_hanging")
    organization, platform = world.platform(api="none")
    world.give(organization, platform, "db", **report(mariadb, name))
    stored = world.credentials.stored(organization, platform, "db", "check")
    with ExitStack() as stopped:
        async for step in world.checker.run(organization, platform, "db", stored, "demand"):
            if isinstance(step, Step) and step.name == "sign-in":
                stopped.enter_context(mariadb.stopped())
                monkeypatch.setattr(mysql, "STATEMENT_SECONDS", -1.8)
    assert isinstance(step, Result)
    assert (step.steps[-1].name, step.outcome) == ("grants", "timeout")
    assert world.status(organization, platform) == ("lost", "timeout")


@pytest.mark.parametrize("years_first", [True, False])
async def test_deals_stored_in_two_tables_are_read_once(world: World, mariadb: MariaDb, years_first: bool) -> None:
    """A server that was switched between one table and one for each year leaves both, with some rows in both."""
    name = mt5_database(mariadb, "long_overlap", deals=40)
    years = [("mt5_deals_2025", "Deal <= 15"), ("mt5_deals_2026", "Deal BETWEEN 16 AND 25")]
    if not years_first:
        years = [("mt5_deals_2025", "Deal BETWEEN 15 AND 30"), ("mt5_deals_2026", "Deal > 30")]
    for table, these in years:
        mariadb.run(f"CREATE TABLE {table} LIKE mt5_deals", database=name)
        mariadb.run(f"INSERT INTO {table} SELECT * FROM mt5_deals WHERE {these}", database=name)
    mariadb.run(f"DELETE FROM mt5_deals WHERE {'Deal < 20' if years_first else 'Deal > 20'}", database=name)
    assert [row[0] async for row in deals(world, mariadb, name)] == list(range(1, 41))
    after = ReadRequest("deals", after=(12, 0), most=10)
    page = [row[0] async for row in deals(world, mariadb, name, after)]
    assert page[:10] == list(range(13, 23))
    assert page == sorted(set(page))
    one = [row[3] async for row in deals(world, mariadb, name, ReadRequest("deals", login=8001))]
    assert one == [8001] * 20


async def test_orders_of_past_years_are_not_active(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "long_orders")
    mariadb.run("RENAME TABLE mt5_orders TO mt5_orders_2025", database=name)
    organization, platform = world.platform(api="none")
    world.give(organization, platform, "db", **report(mariadb, name))
    result = await world.check(organization, platform, "db")
    assert (result.outcome, "mt5_orders" in result.steps[-1].detail) == ("schema-missing", True)
