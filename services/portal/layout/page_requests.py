"""A request for a page: the signed-in user, the organization in its address, and what the user may do there."""

from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

import httpx2
from starlette.requests import Request

from kit.errors import NotFound
from portal.layout.api import Api, Json
from portal.layout.cookies import Cookies
from portal.layout.sessions import NotSignedIn, Session, Sessions


@dataclass
class PageRequest:
    """A request of a signed-in user.

    `api` calls the public API with the user's token. The API enforces permissions; `may` only decides what a page
    offers.
    """

    http: Request = field(repr=False)
    session: Session
    sessions: Sessions = field(repr=False)
    api: Api

    @cached_property
    def me(self) -> Json:
        return self.api.get("/me")

    @property
    def is_operator(self) -> bool:
        """Whether the user operates the installation; False where identity is too old to answer it."""
        return bool(self.me.get("operator"))

    @cached_property
    def organizations(self) -> list[Json]:
        return self.api.choices("/organizations")

    @cached_property
    def organization(self) -> Json | None:
        """The organization in the page's address, else the one used last; None where the user is in none."""
        named = self.http.path_params.get("org")
        known = {each["id"]: each for each in self.organizations}
        if named is not None:
            return known.get(str(named).lower())
        last = known.get(str(self.session.organization_id))
        return last or next(iter(self.organizations), None)

    @property
    def api_path(self) -> str:
        """The organization in the page's address, as a path of the API."""
        return f"/organizations/{UUID(self.http.path_params['org'])}"

    @property
    def home(self) -> str:
        """The path of the organization's start page; the paths of its other pages begin with it."""
        return f"/portal{self.api_path}"

    def may(self, permission: str) -> bool:
        return self.organization is not None and permission in self.organization["permissions"]

    @property
    def is_htmx(self) -> bool:
        return self.http.headers.get("hx-request") == "true"


class PageRequests:
    """FastAPI dependencies that give the PageRequest of a signed-in user, or of a member of the organization."""

    def __init__(self, sessions: Sessions, cookies: Cookies, http: httpx2.Client) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._http = http

    def signed_in(self, request: Request) -> PageRequest:
        """Raises NotSignedIn."""
        value = self._cookies.session_of(request)
        session = self._sessions.find(value) if value else None
        if session is None:
            raise NotSignedIn
        api = Api(self._http, self._sessions.access_token(session))
        return PageRequest(request, session, self._sessions, api)

    def member(self, request: Request, org: UUID) -> PageRequest:
        """Raises NotSignedIn; NotFound where the user is not a member of `org`."""
        page_request = self.signed_in(request)
        if page_request.organization is None:
            raise NotFound
        self._sessions.remember_organization(page_request.session, org)
        return page_request
