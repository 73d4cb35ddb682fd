"""The shell of a service: its background work ends, whatever happens to a cancellation, and it ends in good order."""

import asyncio
import signal
import threading
import time

import uvicorn
from starlette.testclient import TestClient

from embedded.ports import free_port
from kit.db.database import Database
from kit.service import _ended, _Server, build
from testing import plain_http
from testing.waiting import wait_until


def test_work_that_swallows_a_cancellation_is_stopped() -> None:
    lost = 0
    at_work = asyncio.Event()

    async def stubborn() -> None:
        nonlocal lost
        at_work.set()
        while lost < 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
        await asyncio.Event().wait()

    async def scenario() -> bool:
        task = asyncio.create_task(stubborn())
        await at_work.wait()
        await asyncio.wait_for(_ended([task]), 10)
        return task.cancelled()

    assert asyncio.run(scenario())
    assert lost == 1


def test_a_terminating_service_is_not_ready_but_serves_for_a_grace_period(postgres_dsn: str) -> None:
    database = Database(postgres_dsn)
    database.open()
    app = build("notebook", database=database, bus=None, routers=[])
    port = free_port()
    server = _Server(uvicorn.Config(app, port=port, log_config=None), app.state.health, drain_seconds=1.0)
    thread = threading.Thread(target=server.run)
    thread.start()
    with plain_http.client(base_url=f"http://127.0.0.1:{port}") as client:
        wait_until(lambda: server.started)
        wait_until(lambda: client.get("/readyz").status_code == 200)
        server.handle_exit(signal.SIGTERM, None)
        told = time.monotonic()
        wait_until(lambda: client.get("/readyz").status_code == 503)
        assert client.get("/readyz").json()["process"] == "ends"
        assert client.get("/livez").status_code == 200
        thread.join(10)
    assert 1.0 <= time.monotonic() - told < 5


def test_a_path_with_an_extra_slash_is_not_found(postgres_dsn: str) -> None:
    database = Database(postgres_dsn)
    app = build("notebook", database=database, bus=None, routers=[])
    answer = TestClient(app).get("/livez/", headers={"Host": "elsewhere.example"}, follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
