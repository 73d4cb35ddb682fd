"""The definition of the portal. It is not on the bus: it has no relay, no consumers and no event store."""

import asyncio
from pathlib import Path
from typing import ClassVar, LiteralString

import httpx2
from fastapi import FastAPI

from kit import service
from kit.db.database import Database
from kit.db.migrations import Migrations, opened
from kit.http.csrf import CsrfGuard
from kit.security.keys import MasterKey
from kit.security.service_keys import ServiceKeys
from portal.activity import routes as activity
from portal.clients import routes as clients
from portal.home import routes as home
from portal.layout import sessions
from portal.layout.cookies import Cookies
from portal.layout.page_requests import PageRequests
from portal.layout.provider import Provider
from portal.layout.rendering import Renderer
from portal.layout.sessions import Sessions
from portal.layout.texts import Texts
from portal.operations import routes as operations
from portal.organizations import routes as organizations
from portal.platforms import routes as platforms
from portal.profile import routes as profile
from portal.settings import Settings
from portal.sign_in import routes as sign_in
from portal.users import routes as users

_NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
_CLEANUP_SECONDS = 3600.0
_TIMEOUT = httpx2.Timeout(15.0, connect=2.0)
_SECTIONS = (home.SECTION, platforms.SECTION, users.SECTION, clients.SECTION, activity.SECTION)


class PortalService:
    """The Admin portal on its database, whose tables exist already."""

    name: ClassVar[str] = "portal"
    migrations: ClassVar[Migrations] = (*service.SCHEMA, *sessions.MIGRATIONS)
    removed_by_restore: ClassVar[dict[str, LiteralString]] = {"sessions": "DELETE FROM sessions"}

    def __init__(self, settings: Settings, database: Database) -> None:
        keys = ServiceKeys(database, MasterKey(settings.master_key))
        self.database = database
        self.provider = Provider(settings.public_url, settings.back_channel, settings.portal_secret.get_secret_value())
        self.sessions = Sessions(database, keys.key("tokens"), self.provider)
        self.cookies = Cookies(keys.key("sign-in"), secure=settings.secure)
        self.csrf = CsrfGuard(settings.public_url)
        self.show = Renderer(Texts(), self.cookies, settings.public_url, _NODE_MODULES, _SECTIONS)
        http = httpx2.Client(base_url=settings.back_channel, timeout=_TIMEOUT)
        self.requests = PageRequests(self.sessions, self.cookies, http)

    def application(self) -> FastAPI:
        """The portal as an HTTP application."""
        show, requests, csrf = self.show, self.requests, self.csrf
        routers = [
            show.assets.router(),
            sign_in.routes(show, requests, csrf, self.sessions, self.provider, self.cookies),
            organizations.routes(show, requests, csrf),
            profile.routes(show, requests, csrf),
            operations.routes(show, requests, csrf),
            home.routes(show, requests),
            platforms.routes(show, requests, csrf),
            users.routes(show, requests, csrf),
            clients.routes(show, requests, csrf),
            activity.routes(show, requests),
            home.missing(show),
        ]
        background = [self._delete_expired_sessions]
        return service.build(self.name, database=self.database, bus=None, routers=routers, background=background)

    async def _delete_expired_sessions(self) -> None:
        while True:
            await asyncio.to_thread(self.sessions.delete_expired)
            await asyncio.sleep(_CLEANUP_SECONDS)


def build(settings: Settings) -> FastAPI:
    """The portal as an HTTP application; waits for the database server, and makes the tables."""
    return PortalService(settings, opened(settings.postgres_dsn, PortalService.migrations)).application()
