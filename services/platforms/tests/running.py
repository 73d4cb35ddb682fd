"""The whole service by HTTP, and stand-ins on the bus for identity and organizations."""

import asyncio
import io
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, LiteralString, Self
from uuid import UUID, uuid4

import httpx2
import psycopg
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from nats.js.api import StreamConfig
from psycopg.rows import dict_row
from pydantic import SecretStr

from contracts import rpc
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.permissions import Limits, Role
from embedded.fixtures import wait_until
from embedded.ports import free_port
from kit.messaging.bus import Bus
from kit.security.keys import MasterKey
from platforms.service import PlatformsService
from platforms.settings import Settings
from runtime.application import build

ISSUER = "http://localhost:8080"
BASE = "/api/v1/organizations"


class Others:
    """Identity and organizations: they sign tokens, answer on the real bus and tell their events."""

    def __init__(self, nats_url: str) -> None:
        self.members: dict[tuple[UUID, UUID], rpc.Membership] = {}
        self.clients: dict[str, rpc.Client] = {}
        self._key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})
        self._bus = Bus(nats_url, "identity", SecretStr("none"))
        self._bus.answers(rpc.JWKS.subject, rpc.JwksRequest, self._jwks)
        self._bus.answers(rpc.CLIENT.subject, rpc.ClientRequest, self._client)
        self._bus.answers(rpc.MEMBERSHIP.subject, rpc.MembershipRequest, self._membership)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._sequence = 0

    def start(self) -> None:
        self._thread.start()
        self._running = asyncio.run_coroutine_threadsafe(self._bus.run(), self._loop)
        wait_until(lambda: self._bus.connected)
        for name in ("identity", "organizations"):
            config = StreamConfig(name=name.upper(), subjects=[f"evt.{name}.>"])
            self.on_loop(self._bus.jetstream.add_stream(config))

    def stop(self) -> None:
        self._running.cancel()
        wait_until(lambda: self._running.done() and not self._bus.connected)
        self.on_loop(_end_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def on_loop(self, work: Any) -> Any:
        """Do asynchronous work on the stand-ins' own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def tell(self, event: Event, about: UUID, organization: UUID) -> None:
        """Publish an event of another service."""
        self._sequence += 1
        envelope = Envelope.of(
            event,
            context=event.context,
            epoch="e1",
            sequence=self._sequence,
            version=self._sequence,
            aggregate_id=about,
            time=datetime.now(UTC),
            organization=organization,
        )
        self.on_loop(self._bus.jetstream.publish(envelope.bus_subject, envelope.to_json()))

    def read(self, subject: str, count: int) -> list[bytes]:
        """The first messages of a subject in the service's own stream."""

        async def take() -> list[bytes]:
            subscription = await self._bus.jetstream.subscribe(subject, stream="PLATFORMS")
            messages = [await subscription.next_msg(timeout=5) for _ in range(count)]
            await subscription.unsubscribe()
            return [message.data for message in messages]

        found: list[bytes] = self.on_loop(take())
        return found

    def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        now = int(time.time())
        standing = {
            "iss": ISSUER,
            "aud": f"{ISSUER}/api",
            "sub": subject,
            "iat": now,
            "exp": now + 600,
            "jti": uuid4().hex,
        }
        return jwt.encode({"alg": "ES256", "kid": "test", "typ": "at+jwt"}, {**standing, **claims}, self._key)

    def _jwks(self, _: rpc.JwksRequest) -> rpc.Reply[rpc.Jwks]:
        return rpc.Reply[rpc.Jwks](ok=rpc.Jwks(keys=(self._key.as_dict(private=False),)))

    def _client(self, asked: rpc.ClientRequest) -> rpc.Reply[rpc.Client]:
        return rpc.Reply[rpc.Client](ok=self.clients.get(asked.client_id))

    def _membership(self, asked: rpc.MembershipRequest) -> rpc.Reply[rpc.Membership]:
        return rpc.Reply[rpc.Membership](ok=self.members.get((asked.organization_id, asked.user_id)))


class Caller:
    """One person's or program's HTTP client, inside one organization."""

    def __init__(self, base: str, token: str, identifier: str, organization: UUID) -> None:
        self.id = identifier
        self.organization = organization
        self.platforms = f"{BASE}/{organization}/platforms"
        self.http = httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60)
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

    def add(self, name: str = "Live", kind: str = "mt5", api: str = "mt5-webapi") -> str:
        """The path of a new platform."""
        answer = self.post(self.platforms, json={"name": name, "kind": kind, "api": api})
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]


class Running:
    """The service on a free port; `logs` is all that it and its libraries logged, down to the smallest."""

    def __init__(self, dsn: str, nats_url: str) -> None:
        self.others = Others(nats_url)
        self.dsn = dsn
        self._nats_url = nats_url
        self._port = free_port(None)
        self.base = f"http://127.0.0.1:{self._port}"
        self._callers: list[Caller] = []
        self._log = io.StringIO()

    def __enter__(self) -> Self:
        handler = logging.StreamHandler(self._log)
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.DEBUG)
        self.others.start()
        settings = Settings(
            service_port=self._port,
            postgres_dsn=SecretStr(self.dsn),
            nats_url=self._nats_url,
            nats_password=SecretStr("none"),
            master_key=SecretStr(MasterKey.generate()),
            public_url=ISSUER,
            private_networks="allowed",
        )
        self.app = build(PlatformsService, settings)
        config = uvicorn.Config(self.app, "127.0.0.1", self._port, log_config=None, access_log=False)
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
        self.others.stop()
        logging.getLogger().setLevel(logging.WARNING)

    @property
    def logs(self) -> str:
        return self._log.getvalue()

    def rows(self, query: LiteralString, *params: Any) -> list[dict[str, Any]]:
        """What the service's database holds."""
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query, params).fetchall()

    def _ready(self) -> bool:
        try:
            return httpx2.get(f"{self.base}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def member(
        self,
        organization: UUID | None = None,
        role: str | None = Role.ADMINISTRATOR,
        *permissions: str,
        limits: list[str] | None = None,
    ) -> Caller:
        """A member of an organization (a new one unless it is given), of whom only organizations knows yet."""
        organization, user = organization or uuid4(), uuid4()
        self.others.members[organization, user] = rpc.Membership(
            organization_id=organization,
            user_id=user,
            role=role,
            permissions=permissions,
            limits=_limits(limits),
        )
        token = self.others.token(str(user), {"sid": str(uuid4())})
        return self._caller(token, str(user), organization)

    def client(self, organization: UUID, *scopes: str, limits: list[str] | None = None) -> Caller:
        """A client of an organization with these scopes."""
        identifier = uuid4()
        client_id = f"thc_{identifier.hex}"
        self.others.clients[client_id] = rpc.Client(
            id=identifier,
            client_id=client_id,
            organization_id=organization,
            scopes=scopes,
            limits=_limits(limits),
        )
        claims = {"client_id": client_id, "org": str(organization), "scope": " ".join(scopes)}
        return self._caller(self.others.token(client_id, claims), client_id, organization)

    def nobody(self) -> Caller:
        """A caller whose token is none of ours."""
        return self._caller("eyJhbGciOiJub25lIn0.e30.", "nobody", uuid4())

    def _caller(self, token: str, identifier: str, organization: UUID) -> Caller:
        caller = Caller(self.base, token, identifier, organization)
        self._callers.append(caller)
        return caller


def _limits(platforms: list[str] | None) -> Limits:
    """Limits to platforms by their paths or ids; None means all."""
    if platforms is None:
        return Limits()
    return Limits(platforms=tuple(UUID(each.rpartition("/")[2]) for each in platforms))


async def _end_others() -> None:
    """End what the bus's client leaves behind."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
