"""What the platforms service reaches: a million deals as CSV, and what a check costs beside the server's own time.

Run with `make bench`; needs mariadb-server. Each figure is compared with a reference taken in the same run.
"""

import asyncio
import ssl
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomysql
import httpx2

from deploy.local import Tradehall
from embedded import temporary_folder
from metatrader import Mt5TcpClient
from platforms.connectors.mt5_tables.reading import SHAPES
from platforms.tests.mariadb import PASSWORD, READER, MariaDb, why_not
from platforms.tests.tables import MT5, filetime
from testing.driver import SystemDriver, UserDriver, client_token
from testing.waiting import wait_until
from tests.benchmarks.backbone import _pss, _tree
from tests.benchmarks.figures import Bound, Figure, show

DEALS = 1_000_000
ROUNDS = 3
CHECKS, ORGANIZATIONS = 8, 3  # ten checks in a minute are allowed to one organization


def figures() -> Iterator[Figure]:
    """A check, the CSV and the memory that it takes."""
    with temporary_folder() as folder, Tradehall(folder / "var", demo=True) as system:
        driver = SystemDriver(system.info)
        person = driver.new_user()
        yield _checks(driver, person)
        if reason := why_not():
            print(f"deals as CSV: not measured, {reason}")
        else:
            with MariaDb() as server:
                _million_deals(server)
                yield from _stream(system, driver, person, server)
        driver.close()


def _million_deals(server: MariaDb) -> None:
    server.database("million", *MT5)
    stamp = filetime(datetime.now(UTC))
    server.run(
        "INSERT INTO mt5_deals (Deal, `Order`, Login, Timestamp, Action, Entry, Time, TimeMsc, Symbol, Price, Volume, "
        f"Profit, Commission, Storage, PositionID) SELECT seq, seq + 9000, 8001 + seq % 500, {stamp}, seq % 2, "
        "seq DIV 2 % 2, '2025-01-02' + INTERVAL seq * 11 SECOND, '2025-01-02' + INTERVAL seq * 11 SECOND, "
        "ELT(1 + seq % 3, 'EURUSD', 'GBPUSD', 'USDJPY'), 1 + seq % 9973 / 100000, 100 * (1 + seq % 300), "
        f"(CAST(seq AS SIGNED) % 100000 - 50000) / 100, -0.5, 0.1, 500 + seq FROM seq_1_to_{DEALS}",
        "INSERT INTO mt5_time VALUES (120, 0, 0)",
        database="million",
    )


def _stream(system: Tradehall, driver: SystemDriver, person: UserDriver, server: MariaDb) -> Iterator[Figure]:
    """By a program through the gateway; the reference reads the same columns and does nothing with them."""
    org = person.organization
    path = _platform(person, org, "none")
    given = {"host": "localhost", "port": server.port, "database": "million", "user": READER, "password": PASSWORD,
             "ca_pem": server.certificate.ca_pem}  # fmt: skip
    assert person.api("PUT", f"{path}/db-credentials", json=given).status_code == 200
    wait_until(lambda: person.api("GET", path).json()["status"]["state"] == "ok", 30)
    body = {"name": "robot", "scopes": ["accounts:read"]}
    client = person.api("POST", f"/organizations/{org}/clients", json=body).json()
    token = client_token(driver, client["client_id"], client["client_secret"]).json()["access_token"]
    pid = system.pid("platforms")
    bare, ours, growth = [], [], []
    for _ in range(ROUNDS):
        bare.append(asyncio.run(_bare_cursor(server)))
        before = _memory(pid)
        with _peak(pid) as peak:
            ours.append(_exported(driver.url, path, token))
        growth.append((peak[0] - before) / 1024)
    yield Figure(
        f"{DEALS:,} deals of MariaDB as CSV",
        (Bound("of aiomysql's unbuffered cursor", min(bare) / min(ours), 0.5),),
        f"{DEALS / min(ours):,.0f}/s against {DEALS / min(bare):,.0f}/s",
        "the service's process",
    )
    yield Figure(
        "memory of platforms during the export",
        (Bound("MB more", max(growth), 50, most=True, form="{:.0f}"),),
        f"before: {before / 1024:.0f} MB",
        "the batch in memory",
    )


async def _bare_cursor(server: MariaDb) -> float:
    context = ssl.create_default_context(cadata=server.certificate.ca_pem)
    names = ", ".join(f"`{name}`" for name in SHAPES["deals"].columns)
    connection = await aiomysql.connect(
        host="localhost", port=server.port, user=READER, password=PASSWORD, db="million", ssl=context
    )
    started, count = time.perf_counter(), 0
    cursor = await connection.cursor(aiomysql.SSCursor)
    await cursor.execute(f"SELECT {names} FROM mt5_deals ORDER BY deal")
    while await cursor.fetchone():
        count += 1
    took = time.perf_counter() - started
    await connection.ensure_closed()
    assert count == DEALS
    return took


def _exported(url: str, path: str, token: str) -> float:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/csv"}
    started, lines = time.perf_counter(), 0
    with httpx2.stream("GET", f"{url}/api/v1{path}/deals", headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            lines += piece.count(b"\n")
    assert lines == DEALS + 1
    return time.perf_counter() - started


def _memory(pid: int) -> int:
    return sum(map(_pss, _tree(pid)))


@contextmanager
def _peak(pid: int) -> Iterator[list[int]]:
    """The most memory meanwhile, in kB, looked at four times a second."""
    peak, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.25):
            peak[0] = max(peak[0], _memory(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _checks(driver: SystemDriver, person: UserDriver) -> Figure:
    """A check by HTTP, result stored, against a bare client that sends the server the same commands."""
    place = driver.info["demo"]["mt5-webapi"]
    whole, bare, loop = [], [], asyncio.Runner()
    for number in range(ORGANIZATIONS):
        org = person.api("POST", "/organizations", json={"name": f"Org {number}"}).json()["id"]
        path = _platform(person, org, "mt5-webapi")
        for _ in range(CHECKS):
            started = time.perf_counter()
            answer = person.api("POST", f"{path}/checks", json={"target": "api", "credentials": place})
            whole.append(time.perf_counter() - started)
            assert answer.json()["outcome"] == "ok", answer.text
            bare.append(loop.run(_same_commands(place)))
    loop.close()
    overhead = statistics.median(with_us - alone for with_us, alone in zip(whole, bare, strict=True))
    return Figure(
        "a check of a platform",
        (Bound("ms of overhead", overhead * 1000, 20, most=True, form="{:.1f}"),),
        f"{statistics.median(whole) * 1000:.1f} ms with, {statistics.median(bare) * 1000:.1f} ms without Tradehall",
        "the manager API's answers",
    )


async def _same_commands(place: dict[str, Any]) -> float:
    started = time.perf_counter()
    _, writer = await asyncio.open_connection(place["host"], place["port"])
    writer.close()
    await writer.wait_closed()
    async with Mt5TcpClient(**place) as client:
        login, now = (await client.user_logins())[0], datetime.now(UTC)
        day = now - timedelta(days=1)
        await client.symbol_total()
        await client.user(login)
        await client.account(login)
        await client.position_total(login)
        await client.order_total(login)
        await client.history_total(login, day, now)
        await client.deal_total(login, day, now)
        await client.group_total()
        await client.user_logins()
        await client.time_server()
        await client.time_settings()
    return time.perf_counter() - started


def _platform(person: UserDriver, org: str, api: str) -> str:
    """The path of a new one."""
    path = f"/organizations/{org}/platforms"
    body = {"name": "Measured", "kind": "mt5", "api": api}
    return f"{path}/{person.api('POST', path, json=body).json()['id']}"


if __name__ == "__main__":
    show(figures())
