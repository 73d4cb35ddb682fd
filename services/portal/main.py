"""Builds the portal and hands everything inwards; nothing happens at import."""

import asyncio
from pathlib import Path

import httpx2
from fastapi import FastAPI

from kit import service
from kit.db.migrations import opened
from kit.http.csrf import CsrfGuard
from kit.security.keys import MasterKey
from kit.security.service_keys import ServiceKeys
from portal import sessions
from portal.cookies import Cookies
from portal.pages.all import routers
from portal.provider import Provider
from portal.rendering import Renderer
from portal.sessions import Sessions
from portal.settings import Settings
from portal.texts import Texts
from portal.visits import Visits

NAME = "portal"
SCHEMA = [*service.SCHEMA, *sessions.SCHEMA]
_NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
_TIDY_EVERY = 3600.0  # seconds
_WAIT = httpx2.Timeout(15.0, connect=2.0)


def build(settings: Settings, http: httpx2.Client | None = None) -> FastAPI:
    """The portal as an HTTP application; waits for the database, whose tables it makes."""
    database = opened(settings.postgres_dsn, SCHEMA)
    keys = ServiceKeys(database, MasterKey(settings.master_key))
    provider = Provider(settings.public_url, settings.back_channel, settings.portal_secret.get_secret_value())
    known = Sessions(database, keys.key("tokens"), provider)
    cookies = Cookies(keys.key("sign-in"), secure=settings.secure)
    http = http or httpx2.Client(base_url=settings.back_channel, timeout=_WAIT)
    show = Renderer(Texts(), cookies, settings.public_url, _NODE_MODULES)

    async def tidy() -> None:
        while True:
            await asyncio.to_thread(known.forget_old)
            await asyncio.sleep(_TIDY_EVERY)

    return service.build(
        NAME,
        database=database,
        bus=None,
        routers=routers(show, Visits(known, cookies, http), known, provider, cookies, CsrfGuard(settings.public_url)),
        background=[tidy],
    )
