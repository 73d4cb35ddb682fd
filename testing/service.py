"""A service that runs: its definition over HTTP on a free port, on a real database and a real bus."""

import threading
from types import TracebackType
from typing import Any, Generic, LiteralString, Self, TypeVar
from uuid import UUID, uuid4

import httpx2
import psycopg
import uvicorn
from psycopg.rows import dict_row
from pydantic import SecretStr

from contracts import rpc
from contracts.permissions import Limits
from embedded.ports import free_port
from kit.security.keys import MasterKey
from kit.settings import HttpSettings, ServiceSettings
from runtime.application import build
from runtime.definition import Service
from testing import plain_http
from testing.identity import ISSUER, FakeIdentity
from testing.waiting import wait_until

S = TypeVar("S", bound=ServiceSettings)
H = TypeVar("H", bound=HttpSettings)
NOWHERE = "nats://127.0.0.1:1"
NO_TOKEN = "eyJhbGciOiJub25lIn0.e30."
"""An access token without a signature."""


def settings_of(kind: type[H], dsn: str, nats_url: str = NOWHERE, **others: Any) -> H:
    """Settings of a service under test: a new master key, a free port, and nobody at the bus unless one is given."""
    given: dict[str, Any] = {
        "service_port": 0,
        "postgres_dsn": SecretStr(dsn),
        "nats_url": nats_url,
        "nats_password": SecretStr("none"),
        "master_key": SecretStr(MasterKey.generate()),
        "public_url": ISSUER,
    }
    return kind(**(given | others))


class Caller:
    """One user's or client's HTTP client; `answers` keeps what was answered, so that secrets can be looked for."""

    def __init__(
        self,
        base: str,
        token: str,
        identifier: UUID,
        subject: str = "",
        *,
        email: str = "",
        session: UUID | None = None,
    ) -> None:
        self.id = identifier
        self.subject = subject or str(identifier)
        """What the token is about: the user's id, or the `client_id` of a client."""
        self.email = email
        self.session = session
        self.http = plain_http.client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self.answers: list[str] = []

    def request(self, method: str, path: str, **given: Any) -> httpx2.Response:
        answer = self.http.request(method, path, **given)
        self.answers.append(f"{answer.headers}{answer.text}")
        return answer

    def get(self, path: str, **given: Any) -> httpx2.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx2.Response:
        return self.request("POST", path, **given)

    def put(self, path: str, **given: Any) -> httpx2.Response:
        return self.request("PUT", path, **given)

    def patch(self, path: str, **given: Any) -> httpx2.Response:
        return self.request("PATCH", path, **given)

    def delete(self, path: str, **given: Any) -> httpx2.Response:
        return self.request("DELETE", path, **given)


C = TypeVar("C", bound=Caller)


class RunningService(Generic[S]):
    """The service between `with` and its end, with a fake identity beside it; `base` is its address."""

    def __init__(self, service: type[Service[S]], settings: S, identity: FakeIdentity) -> None:
        self.identity = identity
        self.dsn = settings.postgres_dsn.get_secret_value()
        self._service = service
        self._settings = settings.model_copy(update={"service_port": free_port()})
        self.base = f"http://127.0.0.1:{self._settings.service_port}"
        self._callers: list[Caller] = []

    def __enter__(self) -> Self:
        self.identity.start()
        self.app = build(self._service, self._settings)
        config = uvicorn.Config(self.app, "127.0.0.1", self._settings.service_port, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(self._ready, what="the service")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for caller in self._callers:
            caller.http.close()
        self._server.should_exit = True
        self._thread.join(10)
        self.identity.stop()

    def user(self, email: str | None = None, name: str | None = None, *, verified: bool = True) -> Caller:
        """A signed-in user whom identity knows, and of whom the service has had no event yet."""
        user_id, session = uuid4(), uuid4()
        email = email or f"{user_id.hex}@example.com"
        self.identity.accounts[user_id] = rpc.User(email=email, name=name, verified=verified)
        token = self.identity.user_token(user_id, session)
        return self.caller(Caller(self.base, token, user_id, email=email, session=session))

    def client(self, organization: UUID | str, *scopes: str, limits: Limits | None = None) -> Caller:
        """A client of an organization with these scopes."""
        client, token = self.identity.client_token(UUID(str(organization)), *scopes, limits=limits)
        return self.caller(Caller(self.base, token, client.id, client.client_id))

    def nobody(self) -> Caller:
        """A caller whose token is not one of ours."""
        return self.caller(Caller(self.base, NO_TOKEN, uuid4()))

    def caller(self, made: C) -> C:
        """A caller whose connections are closed with the service."""
        self._callers.append(made)
        return made

    def rows(self, query: LiteralString, *params: Any) -> list[dict[str, Any]]:
        """What the service's database holds."""
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query, params).fetchall()

    def _ready(self) -> bool:
        try:
            return plain_http.get(f"{self.base}/readyz").status_code == 200
        except httpx2.TransportError:
            return False
