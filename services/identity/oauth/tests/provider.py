"""The OAuth endpoints and the client routes over HTTP, in this process, on a real database."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import KeySet, import_key
from pydantic import SecretStr

from access.checks import Access
from access.guard import Guard
from contracts.permissions import Grant, Role
from identity.clients import api as client_routes
from identity.oauth import service as oauth
from identity.oauth.logout.pages import client_logout_router
from identity.oauth.revoke.service import RevokedTokens
from identity.pages.rendering import Renderer
from identity.sessions.cookies import SessionCookie
from identity.sessions.service import RevokedSessions, Session
from identity.tests.container import ContainerFixture, settings
from kit.http import problems
from kit.http.csrf import CsrfGuard
from kit.http.request_middleware import RequestMiddleware, address_of
from kit.messaging.bus import Bus
from kit.security.tokens import Verifier
from testing.clock import Clock

ISSUER = "http://tradehall.test:8080"
PORTAL_SECRET = "the portal's own secret, with ünicode + more"
CLI_CALLBACK = "http://127.0.0.1:49152/callback"


class Members:
    """The memberships of this installation, known for certain."""

    authoritative = True

    def __init__(self) -> None:
        self.grants: dict[tuple[UUID, UUID], Grant] = {}

    def find(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        return self.grants.get((organization_id, user_id))


@dataclass
class UserAccount:
    """Somebody who is signed in: their session's cookie, and a token of tradehall-cli."""

    session: Session
    cookie: str
    token: str

    @property
    def id(self) -> UUID:
        return self.session.user_id

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Provider:
    """`http` speaks to the service under another host name than the issuer's."""

    def __init__(self, parts: ContainerFixture) -> None:
        self.parts = parts
        assert isinstance(parts.clock, Clock)
        self.clock = parts.clock
        self.members = Members()
        self.keys = parts.signing_keys
        self.keys.ensure()
        self.server = oauth.provider(
            settings("unused", public_url=ISSUER, portal_secret=SecretStr(PORTAL_SECRET)),
            parts.store,
            parts.client_cache,
            parts.sessions,
            self.keys,
            parts.keys,
            parts.secret_uses,
            parts.clock,
        )
        self.http = TestClient(self._app(), base_url="http://internal:9", follow_redirects=False)

    def person(self) -> UserAccount:
        """Somebody with an account, signed in."""
        session, cookie = self.parts.with_password(f"{uuid4().hex}@example.com")
        answer = self.code_flow(cookie, scope="openid profile email offline_access")
        return UserAccount(session, cookie, answer["access_token"])

    def member(self, organization: UUID, grant: Grant | None = None) -> UserAccount:
        """Somebody in an organization: its administrator, unless a grant is given."""
        person = self.person()
        self.members.grants[organization, person.id] = grant or Grant(role=Role.ADMINISTRATOR)
        return person

    def new_client(self, scopes: tuple[str, ...] = ("platforms:read", "events:read")) -> dict[str, Any]:
        """A client, made by the administrator of a new organization; `organization` tells which."""
        organization = uuid4()
        person = self.member(organization)
        answer = self.http.post(
            f"/api/v1/organizations/{organization}/clients",
            json={"name": "Risk engine", "scopes": scopes},
            headers=person.bearer,
        )
        assert answer.status_code == 201, answer.text
        return {**answer.json(), "organization": organization, "bearer": person.bearer}

    def token(self, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> httpx2.Response:
        answer: httpx2.Response = self.http.post("/oauth2/token", data=form, headers=headers)
        return answer

    def client_token(self, client: Mapping[str, Any], **form: str) -> httpx2.Response:
        """By client credentials with client_secret_post."""
        known = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
        return self.token({"grant_type": "client_credentials", **known, **form})

    def authorize(self, cookie: str | None, **changes: str | None) -> httpx2.Response:
        """An authorization request of tradehall-cli; a parameter that is None is left out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "tradehall-cli",
            "redirect_uri": CLI_CALLBACK,
            "scope": "openid",
            "state": "the state",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        query = {name: value for name, value in asked.items() if value is not None}
        cookies = {"Cookie": f"tradehall={cookie}"} if cookie else {}
        answer: httpx2.Response = self.http.get("/oauth2/authorize", params=query, headers=cookies)
        return answer

    def code(self, cookie: str, **changes: str) -> str:
        answer = self.authorize(cookie, **changes)
        assert answer.status_code == 303, answer.text
        return redirected(answer)["code"]

    def redeem(self, code: str, /, **changes: str) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": "tradehall-cli",
            "code": code,
            "redirect_uri": CLI_CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.token({**form, **changes})

    def code_flow(self, cookie: str, **changes: str) -> dict[str, Any]:
        """The token answer of a whole flow of tradehall-cli."""
        answer = self.redeem(self.code(cookie, **changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, refresh_token: str, /, **changes: str) -> httpx2.Response:
        form = {"grant_type": "refresh_token", "client_id": "tradehall-cli", "refresh_token": refresh_token}
        return self.token({**form, **changes})

    def userinfo(self, access_token: str) -> httpx2.Response:
        bearer = {"Authorization": f"Bearer {access_token}"}
        answer: httpx2.Response = self.http.get("/oauth2/userinfo", headers=bearer)
        return answer

    def decoded(self, token: str, algorithm: str = "ES256") -> jwt.Token:
        """A token that one of the published keys has signed."""
        keys = KeySet([import_key(key) for key in self.http.get("/oauth2/jwks").json()["keys"]])
        return jwt.decode(token, keys, algorithms=[algorithm])

    def _app(self) -> FastAPI:
        parts = self.parts

        async def fetch() -> Mapping[str, Any]:
            return self.keys.jwks()

        verifier = Verifier(ISSUER, f"{ISSUER}/api", fetch, parts.database)
        bus = Bus("nats://127.0.0.1:1", "identity", SecretStr("unused"))
        ended = RevokedTokens(RevokedSessions(parts.sessions), parts.views)
        guard = Guard(verifier, Access(self.members, parts.clients, ended, bus))
        app = FastAPI()
        problems.install(app)
        cookie, show = SessionCookie(parts.sessions, secure=False), Renderer(secure=False)
        session_of, refused = cookie.session_of, show.refused
        app.include_router(
            oauth.routes(
                self.server,
                self.keys,
                parts.users,
                session_of,
                refused,
                guard,
                oauth.TokenEndpoints(
                    self.server,
                    verifier,
                    parts.revocations,
                    lambda request: address_of(request, []),
                    parts.wrong_credentials,
                ),
            )
        )
        app.include_router(
            client_logout_router(
                show,
                CsrfGuard(ISSUER),
                cookie,
                parts.users,
                parts.sessions,
                self.server.hints,
                self.server.first_party,
            )
        )
        app.include_router(client_routes.routes(parts.clients, guard, parts.idempotency))
        app.add_middleware(RequestMiddleware)
        return app


VERIFIER = secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def redirected(answer: httpx2.Response) -> dict[str, str]:
    """The parameters that a redirect carries to the client."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}
