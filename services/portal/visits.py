"""A request of a signed-in person: who it is, where they are, and what they may do there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

import httpx2
from starlette.requests import Request

from kit.errors import NotFound
from portal.api import Api, Json
from portal.cookies import Cookies
from portal.sessions import Session, SessionOver, Sessions


@dataclass
class Visit:
    """`api` calls with the person's own token; what they may do is for the interface to decide, not for pages."""

    request: Request = field(repr=False)
    session: Session
    sessions: Sessions = field(repr=False)
    api: Api

    @cached_property
    def me(self) -> Json:
        return self.api.get("/me")

    @property
    def is_operator(self) -> bool:
        """Of the installation; an identity that does not say so yet has none here."""
        return bool(self.me.get("operator"))

    @cached_property
    def organizations(self) -> list[Json]:
        return self.api.choices("/organizations")

    @cached_property
    def organization(self) -> Json | None:
        """The one in the page's address, else the one visited last."""
        named = self.request.path_params.get("org")
        known = {each["id"]: each for each in self.organizations}
        if named is not None:
            return known.get(str(named).lower())
        last = known.get(str(self.session.organization_id))
        return last or next(iter(self.organizations), None)

    @property
    def here(self) -> str:
        """The API's path of the organization in the page's address."""
        return f"/organizations/{UUID(self.request.path_params['org'])}"

    @property
    def home(self) -> str:
        """The address of the organization's pages."""
        return f"/portal{self.here}"

    def may(self, permission: str) -> bool:
        return self.organization is not None and permission in self.organization["permissions"]

    @property
    def is_htmx(self) -> bool:
        return self.request.headers.get("hx-request") == "true"


class Visits:
    """FastAPI dependencies: anybody signed in, and a member of the organization in the address."""

    def __init__(self, sessions: Sessions, cookies: Cookies, http: httpx2.Client) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._http = http

    def anyone(self, request: Request) -> Visit:
        """Raises SessionOver."""
        value = self._cookies.session_of(request)
        session = self._sessions.find(value) if value else None
        if session is None:
            raise SessionOver
        return Visit(request, session, self._sessions, Api(self._http, self._sessions.access_token(session)))

    def member(self, request: Request, org: UUID) -> Visit:
        """Raises SessionOver; NotFound where the person is no member."""
        visit = self.anyone(request)
        if visit.organization is None:
            raise NotFound
        self._sessions.remember_organization(visit.session, org)
        return visit


VisitOf = Callable[..., Visit]
