"""Stored results of checks, their rate limit, and the elected schedule."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest

from embedded.ports import free_port
from kit.errors import TooManyRequests
from metatrader.simulator import TcpSimulator, invent
from platforms.checks.domain import Result, Step
from platforms.tests.world import World
from testing.waiting import wait_until

pytestmark = pytest.mark.anyio


def result(world: World, outcome: str = "ok") -> Result:
    step = Step("name", outcome, 3, "detail", outcome != "ok")
    return Result.of("api", [step], world.clock(), None)


def test_the_outcome_is_the_failure_else_a_warning_else_ok(world: World) -> None:
    fine, warned = Step("a", "ok", 1, "", False), Step("b", "plaintext", 1, "", False)
    failed = Step("c", "timeout", 1, "", True)

    def summary(*steps: Step) -> tuple[str, str | None, str]:
        found = Result.of("db", steps, world.clock(), None)
        return found.outcome, found.reason, found.state

    assert summary(fine) == ("ok", None, "ok")
    assert summary(fine, warned) == ("degraded", "plaintext", "degraded")
    assert summary(fine, warned, failed) == ("timeout", "timeout", "lost")


def test_results_are_listed_newest_first_and_deleted_after_90_days(world: World) -> None:
    organization, platform = world.platform()
    for outcome in ("ok", "timeout", "port-closed"):
        world.checks.record(organization, platform, result(world, outcome), None, "demand")
        world.clock.forward(timedelta(days=40))
    rows = world.history.read(platform, None, 2)
    assert [row.outcome for row in rows] == ["port-closed", "timeout", "ok"]
    assert rows[0].steps == [{"name": "name", "outcome": "port-closed", "duration_ms": 3, "detail": "detail"}]
    rest = world.history.read(platform, (rows[0].checked_at, rows[0].id), 10)
    assert [row.outcome for row in rest] == ["timeout", "ok"]
    world.housekeeping()
    assert [row.outcome for row in world.history.read(platform, None, 10)] == ["port-closed", "timeout"]


def test_each_organization_may_request_ten_checks_a_minute(world: World) -> None:
    one, other = uuid4(), uuid4()
    for _ in range(10):
        world.history.ask(one, world.clock())
        world.clock.forward(timedelta(seconds=1))
    with pytest.raises(TooManyRequests) as refused:
        world.history.ask(one, world.clock())
    assert refused.value.headers["Retry-After"] == "50"
    world.history.ask(other, world.clock())
    world.clock.forward(timedelta(seconds=51))
    world.history.ask(one, world.clock())


def test_a_due_check_goes_to_one_worker_and_again_after_its_death(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    (due,) = world.history.claim(world.clock(), 10)
    assert (due.organization_id, due.platform_id, due.target) == (organization, platform, "api")
    assert world.history.claim(world.clock(), 10) == []
    world.clock.forward(timedelta(minutes=4))
    assert world.history.claim(world.clock(), 10) == [due]


def test_credentials_of_an_api_that_is_no_longer_chosen_are_not_checked(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    world.platforms.change(organization, platform, {"api": "none"})
    assert world.history.claim(world.clock(), 10) == []
    world.platforms.change(organization, platform, {"api": "mt5-webapi"})
    assert len(world.history.claim(world.clock(), 10)) == 1


def test_removing_credentials_removes_their_result_from_the_status(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    world.give(organization, platform, "db", database="report")
    world.checks.record(organization, platform, result(world, "timeout"), 1, "schedule")
    assert world.status(organization, platform) == ("lost", "timeout")
    world.credentials.remove(organization, platform, "api")
    assert world.status(organization, platform) == ("unknown", None)


async def test_the_schedule_checks_new_credentials_and_repeats(world: World) -> None:
    broker = invent(3, login=1000, password="Correct-horse-1", users=2, trades=1)
    organization, platform = world.platform()
    running = asyncio.create_task(world.schedule.run())
    try:
        async with TcpSimulator(broker) as simulator:
            world.give(organization, platform, host="localhost", port=simulator.port, password="Correct-horse-1")
            await asyncio.to_thread(wait_until, lambda: world.status(organization, platform) == ("ok", None))
            world.clock.forward(timedelta(minutes=7))
            await asyncio.to_thread(wait_until, lambda: len(world.rows("check_results")) == 2)
        world.clock.forward(timedelta(minutes=7))
        await asyncio.to_thread(wait_until, lambda: world.status(organization, platform) == ("lost", "port-closed"))
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    rows = world.rows("check_results")
    assert {row["occasion"] for row in rows} == {"schedule"}
    assert {use["purpose"] for use in world.rows("credential_uses")} == {"scheduled-check"}


async def test_a_refused_password_is_tried_once_and_not_again(world: World) -> None:
    broker = invent(3, login=1000, password="Correct-horse-1", users=2, trades=1)
    organization, platform = world.platform()
    running = asyncio.create_task(world.schedule.run())
    try:
        async with TcpSimulator(broker) as simulator:
            world.give(organization, platform, host="localhost", port=simulator.port, password="wrong")
            await asyncio.to_thread(
                wait_until, lambda: world.status(organization, platform) == ("refused", "bad-credentials")
            )
            world.clock.forward(timedelta(days=1))
            other, second = world.platform()
            world.give(other, second, host="localhost", port=free_port(None))
            await asyncio.to_thread(wait_until, lambda: world.status(other, second) == ("lost", "port-closed"))
            assert simulator.journal.count("AUTH_ANSWER") == 1
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
