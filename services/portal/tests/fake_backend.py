"""A fake of the public API and the OpenID Connect provider, and a browser in front of the portal."""

import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, LiteralString, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from psycopg import connect
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from starlette.responses import JSONResponse

from contracts.permissions import Permission
from portal.service import build
from portal.settings import Settings
from testing.in_process import InProcess
from testing.service import settings_of

ISSUER = "http://localhost:8080"
USER = UUID("11111111-1111-1111-1111-111111111111")
ORG = UUID("22222222-2222-2222-2222-222222222222")
HOME = f"/portal/organizations/{ORG}"
API = f"/organizations/{ORG}"
HTMX = {"HX-Request": "true", "HX-Current-URL": f"{ISSUER}{HOME}/clients"}
ALL = [str(permission) for permission in Permission]
MEMBER = {
    "user_id": str(USER),
    "email": "ada@broker.example",
    "name": "<Ada>",
    "role": "administrator",
    "permissions": ["members:read"],
    "limits": {"platforms": None},
    "joined_at": "2026-01-02T03:04:05Z",
}


def form_field(name: str, kind: str = "text", *, required: bool = True, **more: Any) -> dict[str, Any]:
    """A field of a connector's form, as the API describes it."""
    field = {"name": name, "label": name.capitalize(), "help": f"Help for {name}.", "type": kind}
    return {**field, "required": required, "default": None, "choices": [], "max_length": None, **more}


def connector(name: str, *fields: dict[str, Any], kind: str = "mt5", target: str = "api") -> dict[str, Any]:
    """A connector, as the API describes it."""
    title = name.replace("-", " ").capitalize()
    described = {"name": name, "title": title, "summary": f"Summary of {name}.", "kind": kind, "target": target}
    return {**described, "capabilities": ["check"], "tls": None, "fields": list(fields)}


_SERVER = (form_field("host", max_length=300), form_field("port", "number"))
_PASSWORD = form_field("password", "password", max_length=256)
_PEM = form_field("ca_pem", "multiline", required=False, label="CA certificate")
_TLS = form_field(
    "tls",
    "choice",
    required=False,
    default="verify",
    choices=[{"value": each, "label": f"TLS {each}", "help": f"Effect of {each}."} for each in ("verify", "off")],
)
CONNECTORS = [
    connector("mt4-web", *_SERVER, form_field("login", "number"), _PASSWORD, kind="mt4"),
    connector("mt5-webapi", *_SERVER, form_field("login", "number"), _PASSWORD),
    connector("mt5-rest", *_SERVER, form_field("login", "number"), _PASSWORD, _PEM),
    connector("mt5-tables", *_SERVER, form_field("database"), form_field("user"), _PASSWORD, _TLS, _PEM, target="db"),
]
Answer = tuple[int, Any]
Asked = dict[str, Any]


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class FakeBackend:
    """`answers` maps "GET /path" to an answer, or a function of the request; `asked` has the requests received."""

    def __init__(self) -> None:
        self.key = _key()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.reset()

    def reset(self) -> None:
        """As it was made: one user, one organization, nothing asked."""
        self.asked: list[Asked] = []
        self.tokens_last = 600.0
        self.claims: dict[str, Any] = {}
        self.refreshes = 0
        self.session_over = False
        self._nonce = self._challenge = ""
        organization = {"id": str(ORG), "name": "Acme", "role": "administrator", "permissions": ALL}
        self.organization = {**organization, "created_at": "2026-01-02T03:04:05Z"}
        self.answers: dict[str, Answer | Callable[[Asked], Answer]] = {
            "GET /me": (200, {"id": str(USER), "email": "ada@broker.example", "name": None, "operator": False}),
            "GET /platform-connectors": (200, {"items": CONNECTORS}),
            "GET /organizations": lambda _: (200, {"items": [self.organization], "next_cursor": None}),
        }

    def __enter__(self) -> Self:
        # It looks for its end fifty times a second, not twice, as it does by itself.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def lists(self, path: str, *items: Mapping[str, Any]) -> None:
        self.answers[f"GET /organizations/{ORG}{path}"] = (200, {"items": list(items), "next_cursor": None})

    def calls(self, method: str) -> list[str]:
        """The paths of the API that the portal called with this method."""
        return [each["path"].removeprefix("/api/v1") for each in self.asked if each["method"] == method]

    def refuses(self, call: str, status: int, code: str, detail: str = "", **errors: str) -> None:
        problem = {"code": code, "detail": detail, "errors": [{"field": f, "message": m} for f, m in errors.items()]}
        self.answers[call] = (status, problem)

    def authorize(self, location: str) -> str:
        """The URL that the provider redirects to after the sign-in."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self._nonce, self._challenge = query["nonce"], query["code_challenge"]
        return f"/portal/callback?code=c&state={query['state']}&iss={ISSUER}"

    def _answer(self, asked: Asked) -> Answer:
        if asked["path"] == "/oauth2/jwks":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if asked["path"] == "/oauth2/token":
            return self._token({name: values[0] for name, values in parse_qs(asked["body"]).items()})
        if self.session_over:
            return 401, {"code": "invalid-token", "detail": "over"}
        known = self.answers.get(f"{asked['method']} {asked['path'].removeprefix('/api/v1')}")
        if known is None:
            return 404, {"code": "not-found", "detail": "Not found"}
        return known(asked) if callable(known) else known

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("client_secret") != "the secret":
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            if self.session_over:
                return 400, {"error": "invalid_grant"}
        else:
            digest = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            if digest != self._challenge:
                return 400, {"error": "invalid_grant"}
        answer = {
            "access_token": f"access-{uuid4()}",
            "refresh_token": f"refresh-{uuid4()}",
            "token_type": "Bearer",
            "expires_in": self.tokens_last,
            "id_token": self._id_token(),
        }
        return 200, answer

    def _id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "tradehall-portal",
            "sub": str(USER),
            "sid": str(uuid4()),
            "iat": now,
            "exp": now + 600,
            "nonce": self._nonce,
        }
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.claims, self.key, algorithms=["RS256"])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                asked = {"method": self.command, "path": parts.path, "query": parse_qs(parts.query), "body": body}
                asked["headers"] = dict(self.headers)
                backend.asked.append(asked)
                status, answer = backend._answer(asked)
                content = b"" if status == 204 else JSONResponse(answer).body
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(bytes(content))

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


class Portal(InProcess):
    """A portal in this process, in front of a fake; it serves any number of browsers."""

    def __init__(self, dsn: str, backend: FakeBackend, public_url: str = ISSUER) -> None:
        given: dict[str, Any] = {"portal_secret": SecretStr("the secret"), "internal_url": backend.url}
        super().__init__(build(settings_of(Settings, dsn, public_url=public_url, **given)), public_url)
        self.backend = backend
        self.dsn = dsn

    def browser(self) -> "Browser":
        """One without cookies."""
        return Browser(self, self.client())


class Browser:
    """A browser of a portal; follows no redirect."""

    def __init__(self, portal: Portal, http: TestClient) -> None:
        self.backend = portal.backend
        self.http = http
        self._dsn = portal.dsn

    def sign_in(self, then: str = "/portal") -> Self:
        away = self.http.get("/portal/sign-in", params={"next": then})
        back = self.http.get(self.backend.authorize(away.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, then), back.text
        return self

    def rows(self) -> list[tuple[Any, ...]]:
        """The stored sessions."""
        with connect(self._dsn) as connection:
            return connection.execute("SELECT * FROM sessions").fetchall()

    def change_rows(self, to: LiteralString) -> None:
        """Change the stored sessions, such as their age."""
        with connect(self._dsn) as connection:
            connection.execute(f"UPDATE sessions SET {to}")

    def set_notice(self, notice: dict[str, Any]) -> None:
        """Store the notice of the next page, as any release may have."""
        with connect(self._dsn) as connection:
            connection.execute("UPDATE sessions SET notice = %s", (Jsonb(notice),))
