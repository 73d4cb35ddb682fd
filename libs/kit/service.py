"""The shell of a service: an HTTP application with health, metrics and supervised background work."""

import asyncio
import gc
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import FrameType, MappingProxyType

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kit.db.database import Database
from kit.db.migrations import Migrations, read
from kit.http import problems
from kit.http.direct import Direct, Endpoint
from kit.http.openapi import Application
from kit.http.request_middleware import RequestMiddleware
from kit.messaging.bus import Bus
from kit.operations.health import Health
from kit.settings import HttpSettings
from kit.telemetry import logs, tracing

Background = Callable[[], Awaitable[None]]
"""Runs until cancelled; started again after a second if it fails."""

_PACKAGES = ("eventstore", "security", "messaging", "http")
SCHEMA: Migrations = [
    migration for package in _PACKAGES for migration in read(Path(__file__).parent / package / "schema.sql")
]
"""The tables of kit itself; a service migrates these first, then its own."""

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own would send paths, queries and what exceptions say; see kit.telemetry.tracing."""

_log = logging.getLogger("kit.service")


def build(
    name: str,
    *,
    database: Database,
    bus: Bus | None,
    routers: Sequence[APIRouter],
    background: Sequence[Background] = (),
    title: str = "",
    direct: Mapping[str, Endpoint] = MappingProxyType({}),
) -> FastAPI:
    """The HTTP application of a service. `background` runs from start-up to shutdown; so does the bus, if any.
    `direct` are endpoints, by method and path, that are reached without routing."""
    health = Health(database, bus)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        work = [_kept_up(one) for one in (health.watch_loop, *([bus.run] if bus else []), *background)]
        try:
            yield
        finally:
            await _ended(work)
            await asyncio.to_thread(database.close)

    app = Application(
        title=title or f"Tradehall {name}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would redirect to the host of the Host header, and by http
        telemetry=_NO_TELEMETRY,
    )
    app.state.health = health
    problems.install(app)
    for router in (_operations(health), *routers):
        app.include_router(router)
    if direct:
        app.add_middleware(Direct, endpoints=direct)
    app.add_middleware(RequestMiddleware)
    return app


def serve(app: FastAPI, name: str, settings: HttpSettings) -> None:
    """Serve until SIGTERM or SIGINT, and as long after it as the settings say; requests then open get three seconds."""
    logs.setup(name)
    if settings.otlp_endpoint:
        tracing.setup(name, settings.otlp_endpoint, settings.trace_share)
    config = uvicorn.Config(
        app,
        host=settings.service_host,
        port=settings.service_port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=75,
    )
    server = _Server(config, app.state.health, settings.drain_seconds)
    _settle()
    with suppress(KeyboardInterrupt):
        server.run()
    tracing.finish()
    if not server.started:
        sys.exit(3)


def _settle() -> None:
    """Objects made until now stay, and a request's objects mostly end with it, so the cycle collector can run less
    often and over fewer objects. With its default thresholds it takes about four per cent of a token's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class _Server(uvicorn.Server):
    """After SIGTERM it continues serving until the gateway has seen that it is not ready."""

    def __init__(self, config: uvicorn.Config, health: Health, drain_seconds: float) -> None:
        super().__init__(config)
        self._health = health
        self._drain_seconds = drain_seconds
        self._end_at: float | None = None
        self._exit_asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Once a second: uvicorn's own tick runs ten times a second, which is most of the cost of an idle service."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            if self.should_exit:
                await asyncio.sleep(0.1)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._exit_asked.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._exit_asked.set)

    async def on_tick(self, counter: int) -> bool:
        if not await super().on_tick(counter):
            return False
        self._health.ending = True
        self._end_at = self._end_at or time.monotonic() + self._drain_seconds
        return self.force_exit or time.monotonic() >= self._end_at


def _kept_up(work: Background) -> asyncio.Task[None]:
    async def forever() -> None:
        while True:
            try:
                await work()
                return
            except Exception:
                _log.exception("background work failed; it starts again")
                await asyncio.sleep(1)

    return asyncio.create_task(forever())


async def _ended(work: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: in Python 3.11 a cancellation that meets a finished wait_for is lost
    (gh-86296), in our own code and in libraries alike."""
    pending = set(work)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)


def _operations(health: Health) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        ready, state = await health.report()
        return JSONResponse(state, 200 if ready else 503)

    @router.get("/metrics")
    def metrics() -> Response:  # in a thread: gauges may ask the database
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
