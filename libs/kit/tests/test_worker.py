"""Background work: a timer and wake-ups, one process under a lease, failures that pass, and an end that is clean."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from kit.db.database import Database
from kit.db.lease import Lease
from kit.db.listener import Listener
from kit.db.worker import Worker
from kit.errors import Unavailable
from kit.tests.test_delivery import running
from testing.waiting import reached, wait_until

NEVER = 3600.0


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[Database]:
    opened = Database(postgres_dsn)
    opened.open()
    yield opened
    opened.close()


class Counted:
    """A step that has so much to do; counts its calls."""

    def __init__(self, to_do: int = 0) -> None:
        self.calls = 0
        self.to_do = to_do
        self.failures: list[Exception] = []

    def __call__(self) -> bool:
        self.calls += 1
        if self.failures:
            raise self.failures.pop()
        self.to_do -= self.to_do > 0
        return self.to_do > 0


def test_a_step_is_repeated_at_once_while_there_is_more() -> None:
    step = Counted(to_do=5)
    with running(Worker("w", step, every=NEVER).run):
        wait_until(lambda: step.calls == 5)


def test_a_step_is_repeated_by_the_timer_without_any_wake_up() -> None:
    step = Counted()
    with running(Worker("w", step, every=0.01).run):
        wait_until(lambda: step.calls >= 3)


def test_a_wake_up_during_a_step_is_not_lost() -> None:
    step, begun, go_on = Counted(), threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        assert go_on.wait(10)
        return step()

    worker = Worker("w", slow, every=NEVER)
    with running(worker.run):
        assert begun.wait(10)
        worker.wake()
        go_on.set()
        wait_until(lambda: step.calls == 2)


def test_a_coroutine_runs_on_the_loop_and_a_function_in_a_thread() -> None:
    threads: list[str] = []

    async def on_the_loop() -> None:
        threads.append(threading.current_thread().name)

    def in_a_thread() -> None:
        threads.append(threading.current_thread().name)

    worker = Worker("w", on_the_loop, every=NEVER).also(in_a_thread, every=NEVER)
    with running(worker.run) as loop:
        wait_until(lambda: len(threads) == 2)
        ours = asyncio.run_coroutine_threadsafe(_thread_name(), loop).result(5)
    assert threads[0] != ours
    assert threads[1] == ours


async def _thread_name() -> str:
    return threading.current_thread().name


def test_a_periodic_step_has_a_timer_of_its_own() -> None:
    often, seldom = Counted(), Counted()
    with running(Worker("w", often, every=0.01).also(seldom, every=NEVER).run):
        wait_until(lambda: often.calls >= 5)
    assert seldom.calls == 1


@pytest.mark.parametrize("failure", [psycopg.OperationalError("away"), Unavailable("away")])
def test_a_transient_failure_is_logged_and_the_step_repeated(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    step = Counted()
    step.failures = [failure]
    with running(Worker("sweeping", step, every=0.01).run):
        wait_until(lambda: step.calls >= 2)
    assert f"sweeping pauses: {type(failure).__name__}" in caplog.text


def test_any_other_failure_ends_the_run_and_it_can_be_started_again(database: Database) -> None:
    step = Counted(to_do=3)
    step.failures = [ValueError("a fault")]
    worker = Worker("w", step, every=0.01, database=database, channel="worker_test")

    async def twice() -> None:
        with pytest.raises(ValueError, match="a fault"):
            await worker.run()
        await worker.run()

    with running(twice):
        wait_until(lambda: step.calls >= 2)


def test_a_notification_wakes_a_worker_long_before_its_timer(database: Database) -> None:
    step = Counted()
    with running(Worker("w", step, every=NEVER, database=database, channel="worker_test").run):
        wait_until(lambda: step.calls >= 2)  # at the start, and once it listens
        calls = step.calls
        wait_until(lambda: database.execute("NOTIFY worker_test") and step.calls > calls)


def test_a_listener_reconnects_and_wakes_for_missed_notifications(
    database: Database,
) -> None:
    woken: list[float] = []
    listener = Listener(database, "worker_test", lambda: woken.append(time.monotonic()))
    listener.start()
    try:
        wait_until(lambda: len(woken) == 1)
        ended = database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' "
            "OR (query = 'SELECT 1' AND pid <> pg_backend_pid())"
        )
        assert ended == 1
        wait_until(lambda: len(woken) == 2)
        database.execute("NOTIFY worker_test")
        wait_until(lambda: len(woken) == 3)
    finally:
        listener.stop()


def test_of_two_workers_with_one_lease_one_works_and_the_other_takes_over(database: Database) -> None:
    steps = [Counted(), Counted()]
    workers = [
        Worker("w", step, every=0.01, database=database, lease="worker-test", channel="worker_test") for step in steps
    ]
    assert not workers[0].is_elected
    with running(workers[1].run):
        with running(workers[0].run):
            wait_until(lambda: steps[0].calls + steps[1].calls >= 5)
            worked = [step.calls > 0 for step in steps]
            assert worked.count(True) == 1
            assert [worker.is_elected for worker in workers] == worked
            if worked[1]:  # it goes on alone
                steps[1].calls = 0
        wait_until(lambda: steps[1].calls > 0)


def test_a_lease_whose_session_is_ended_is_held_no_more_and_won_again(database: Database) -> None:
    won: list[bool] = []
    lease = Lease(database, "worker-test", on_wake=lambda: won.append(True))
    lease.start()
    try:
        wait_until(lambda: lease.held)
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        wait_until(lambda: not lease.held)
        wait_until(lambda: lease.held and len(won) == 2)
    finally:
        lease.stop()


def test_a_step_under_way_is_finished_when_the_worker_ends() -> None:
    done: list[str] = []
    begun = threading.Event()

    async def mail() -> None:
        begun.set()
        await reached(lambda: any(task.cancelling() for task in asyncio.all_tasks()))
        done.append("sent")

    with running(Worker("w", mail, every=NEVER, farewell=5).run):
        assert begun.wait(10)
    assert done == ["sent"]


def test_a_step_that_takes_longer_than_its_farewell_is_cancelled() -> None:
    ended: list[str] = []
    begun = threading.Event()

    async def hangs() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    with running(Worker("w", hangs, every=NEVER, farewell=0.01).run):
        assert begun.wait(10)
    assert ended == ["cancelled"]


def _cancelled_again_and_again(make: Callable[[], Worker]) -> None:
    async def once() -> None:
        worker = make()
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0)
        worker.wake()
        await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, "the cancellation was swallowed"

    async def often() -> None:
        for _ in range(200):
            await once()

    asyncio.run(often())


def test_a_cancellation_that_meets_a_wake_up_is_not_swallowed() -> None:
    async def nothing() -> None:
        await asyncio.sleep(0)

    _cancelled_again_and_again(lambda: Worker("w", nothing, every=NEVER))
