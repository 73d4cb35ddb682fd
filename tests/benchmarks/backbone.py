"""Speed of the backbone: command to subscriber, rebuilding a read model, idle cost, time to ready.

Run with `make bench`. Absolute figures depend on the machine; each is compared with a reference taken in the same run.
"""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import nats
import psycopg
from nats.aio.msg import Msg

from deploy.local import Tradehall
from embedded import temporary_folder
from embedded.postgres import Postgres
from kit.eventstore.rebuild import rebuild
from kit.tests.notebook import Note, open_notebook
from testing.driver import SystemDriver, call
from tests.benchmarks.figures import Bound, Figure, p99, show

COMMANDS_PER_SECOND = 100
SECONDS = 20
ORGANIZATIONS = 50
EVENTS = 100_000
IDLE_SECONDS = 60
N = TypeVar("N", int, float)


def figures() -> Iterator[Figure]:
    """Start, idle cost, command to subscriber, rebuild."""
    with temporary_folder() as folder:
        started = time.monotonic()
        with Tradehall(folder / "var"):
            first = time.monotonic() - started
        started = time.monotonic()
        with Tradehall(folder / "var") as system:
            again = time.monotonic() - started
            yield Figure(
                "ready after a restart",
                (Bound("s", again, 20, most=True, form="{:.1f}"),),
                f"first start, with initialisation: {first:.1f} s",
                "the processor",
            )
            yield from _idle(system)
            yield asyncio.run(_command_to_subscriber(system))
    yield _rebuild()


def _idle(system: Tradehall) -> Iterator[Figure]:
    """Memory (PSS, shared pages counted once) and processor time of everything while nobody asks."""
    trees = {name: _tree(system.pid(name)) for name in system.info["pids"]} | {"all": _tree(os.getpid())}
    before, since = {name: _cpu_seconds(pids) for name, pids in trees.items()}, time.monotonic()
    time.sleep(IDLE_SECONDS)
    passed = time.monotonic() - since
    shares = {name: (_cpu_seconds(pids) - before[name]) / passed * 100 for name, pids in trees.items()}
    pss = {name: sum(_pss(pid) for pid in _tree(system.pid(name))) for name in system.info["pids"]}
    total, whole = sum(_pss(pid) for pid in _tree(os.getpid())), shares.pop("all")
    yield Figure(
        "idle memory of all processes",
        (Bound("MB PSS", total / 1024, 700, most=True, form="{:.0f}"),),
        _listed(pss, lambda kb: f"{kb / 1024:.0f}"),
        "the interpreters and their libraries",
    )
    yield Figure(
        "idle processor of all processes",
        (Bound("% of one core", whole, 3, most=True, form="{:.1f}"),),
        _listed(shares, lambda share: f"{share:.2f}"),
        "timers",
    )


def _listed(values: Mapping[str, N], show: Callable[[N], str]) -> str:
    return ", ".join(f"{name} {show(value)}" for name, value in values.items())


def _tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _tree(int(child))
    return found


def _pss(pid: int) -> int:
    """Proportional set size in kB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def _command_to_subscriber(system: Tradehall) -> Figure:
    """From the moment an event is made, which is before it is committed, until a subscriber has it, at a fixed rate;
    the reference is the commands' answers."""
    driver = SystemDriver(system.info)
    person = await asyncio.to_thread(driver.new_user)
    orgs = [person.api("POST", "/organizations", json={"name": f"Org {n}"}).json()["id"] for n in range(ORGANIZATIONS)]
    connection = await nats.connect(system.info["nats_url"], inbox_prefix=b"_INBOX_observer")
    lags: dict[str, float] = {}
    all_seen = asyncio.Event()

    async def on_event(message: Msg) -> None:
        event = json.loads(message.data)
        lags[event["data"]["to"]] = time.time() - datetime.fromisoformat(event["time"]).timestamp()
        if len(lags) == COMMANDS_PER_SECOND * SECONDS:
            all_seen.set()

    await connection.subscribe("evt.organizations.*.*.OrgRenamed", cb=on_event)
    await connection.flush()
    sent: dict[str, float] = {}
    answered: dict[str, float] = {}

    def rename(org: str, name: str) -> None:
        sent[name] = time.perf_counter()
        assert call(driver, person.token, "PATCH", f"/organizations/{org}", json={"name": name}).status_code == 200
        answered[name] = time.perf_counter()

    loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(32)
    begun = time.perf_counter()
    tasks = []
    for number in range(COMMANDS_PER_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / COMMANDS_PER_SECOND - time.perf_counter()))
        tasks.append(loop.run_in_executor(pool, rename, orgs[number % len(orgs)], f"name {number}"))
    await asyncio.gather(*tasks)
    async with asyncio.timeout(5):
        await all_seen.wait()
    heard = [lags[name] for name in sent]
    await connection.close()
    driver.close()
    answers = [answered[name] - sent[name] for name in sent]
    return Figure(
        f"event latency at {COMMANDS_PER_SECOND} commands/s",
        (
            Bound("ms median", statistics.median(heard) * 1000, 25, most=True, form="{:.1f}"),
            Bound("ms p99", p99(heard), 100, most=True, form="{:.1f}"),
        ),
        f"the commands' answers: median {statistics.median(answers) * 1000:.1f} ms, p99 {p99(answers):.1f} ms",
        "the relay's round",
    )


def _rebuild() -> Figure:
    """Read model from 100,000 events; the reference is reading the same rows without decoding them."""
    with Postgres(fsync=False) as server:
        dsn = server.create_database("rebuild")
        book = open_notebook(dsn)
        note = Note(title="a title", author="somebody")
        for number in range(9):
            note.retitle(f"title {number}")
        book.save(note)
        copies = EVENTS // 10
        with psycopg.connect(dsn) as connection:
            connection.execute(
                "WITH ids AS (SELECT gen_random_uuid() AS id FROM generate_series(2, %s)) INSERT INTO events "
                "(originator_id, originator_version, topic, state) SELECT ids.id, originator_version, topic, "
                "state FROM events, ids ORDER BY ids.id, originator_version",
                (copies,),
            )
        book.database.execute("ANALYZE events")
        started = time.perf_counter()
        with psycopg.connect(dsn) as connection:
            count = len(connection.execute("SELECT * FROM events ORDER BY sequence").fetchall())
        raw = time.perf_counter() - started
        started = time.perf_counter()
        done = rebuild(book).events
        took = time.perf_counter() - started
        book.database.close()
    return Figure(
        f"rebuild of a read model from {done:,} events",
        (Bound("events/s", done / took, 10_000, form="{:,.0f}"),),
        f"reading the rows alone: {count / raw:,.0f}/s",
        "decoding, in one process",
    )


if __name__ == "__main__":
    show(figures())
