"""The whole service by HTTP, and an identity that signs tokens, answers on the bus and publishes its events."""

import asyncio
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2
import psycopg
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError
from psycopg.rows import dict_row
from pydantic import SecretStr

from contracts import identity, rpc
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.permissions import Limits
from embedded.fixtures import wait_until
from embedded.ports import free_port
from kit.messaging.bus import Bus
from kit.security.keys import MasterKey
from kit.settings import ServiceSettings
from organizations.service import OrganizationsService
from runtime.application import build

ISSUER = "http://localhost:8080"


class Identity:
    """A fake identity service on the real bus, which also publishes the events of other services."""

    def __init__(self, nats_url: str) -> None:
        self.people: dict[UUID, rpc.Person] = {}
        self.clients: dict[str, rpc.Client] = {}
        self._key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})
        self._bus = Bus(nats_url, "identity", SecretStr("none"))
        self._bus.answers(rpc.JWKS.subject, rpc.JwksRequest, self._jwks)
        self._bus.answers(rpc.PERSON.subject, rpc.PersonRequest, self._person)
        self._bus.answers(rpc.CLIENT.subject, rpc.ClientRequest, self._client)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._sequence = 0
        self.asked_for_people = 0

    def start(self) -> None:
        self._thread.start()
        self._running = asyncio.run_coroutine_threadsafe(self._bus.run(), self._loop)
        wait_until(lambda: self._bus.connected)
        for name in ("identity", "platforms", "notifications"):
            config = StreamConfig(name=name.upper(), subjects=[f"evt.{name}.>"])
            asyncio.run_coroutine_threadsafe(self._bus.jetstream.add_stream(config), self._loop).result(5)

    def stop(self) -> None:
        self._running.cancel()
        wait_until(lambda: self._running.done() and not self._bus.connected)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def tell(self, event: Event, about: UUID, organization: UUID | None = None, actor: str | None = None) -> int:
        """Publish an event of identity or platforms; answers its sequence."""
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
            actor=actor,
            correlationid="request-of-identity",
        )
        publishing = self._bus.jetstream.publish(envelope.bus_subject, envelope.to_json())
        asyncio.run_coroutine_threadsafe(publishing, self._loop).result(5)
        return self._sequence

    def forget_place(self, stream: str, durable: str) -> None:
        """Take a durable off the bus, as a lost store would; its reader makes it again from the first message."""
        deleting = self._bus.jetstream.delete_consumer(stream, durable)
        asyncio.run_coroutine_threadsafe(deleting, self._loop).result(5)

    def ask(self, question: rpc.Rpc[Any, Any], asked: Any) -> Any:
        """A reply on the bus, once there is one."""
        asking = self._bus.ask(question.subject, asked, question.reply)
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result(5)

    def read(self, subject: str, count: int) -> list[Envelope]:
        """The first messages of a subject in the organizations' stream, once there are so many."""
        wait_until(lambda: self.stored("ORGANIZATIONS", subject) >= count)

        async def take() -> list[Envelope]:
            subscription = await self._bus.jetstream.subscribe(subject, stream="ORGANIZATIONS")
            messages = [await subscription.next_msg(timeout=5) for _ in range(count)]
            await subscription.unsubscribe()
            return [Envelope.parse(message.data) for message in messages]

        return asyncio.run_coroutine_threadsafe(take(), self._loop).result(30)

    def raw(self, stream: str, subject: str) -> bytes:
        """The first message of a subject, as it is."""
        getting = self._bus.jetstream.get_msg(stream, seq=1, subject=subject, next=True)
        data = asyncio.run_coroutine_threadsafe(getting, self._loop).result(5).data
        assert data is not None
        return data

    def reconnected(self) -> bool:
        return self._bus.connected

    def stored(self, stream: str, subject: str) -> int:
        """How many messages of a subject a stream holds; none while there is no such stream."""
        try:
            asking = self._bus.jetstream.stream_info(stream, subjects_filter=subject)
            info = asyncio.run_coroutine_threadsafe(asking, self._loop).result(5)
        except NotFoundError:
            return 0
        return sum((info.state.subjects or {}).values())

    def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        now = int(time.time())
        return jwt.encode(
            {"alg": "ES256", "kid": "test", "typ": "at+jwt"},
            {
                "iss": ISSUER,
                "aud": f"{ISSUER}/api",
                "sub": subject,
                "iat": now,
                "exp": now + 600,
                "jti": uuid4().hex,
                **claims,
            },
            self._key,
        )

    def _jwks(self, _: rpc.JwksRequest) -> rpc.Reply[rpc.Jwks]:
        return rpc.Reply[rpc.Jwks](ok=rpc.Jwks(keys=(self._key.as_dict(private=False),)))

    def _person(self, asked: rpc.PersonRequest) -> rpc.Reply[rpc.Person]:
        self.asked_for_people += 1
        return rpc.Reply[rpc.Person](ok=self.people.get(asked.user_id))

    def _client(self, asked: rpc.ClientRequest) -> rpc.Reply[rpc.Client]:
        return rpc.Reply[rpc.Client](ok=self.clients.get(asked.client_id))


class Browser:
    """One caller's HTTP client; `id` is the user's, or the client's own UUID."""

    def __init__(self, base: str, token: str, identifier: UUID, email: str = "", session: UUID | None = None):
        self.id = identifier
        self.email = email
        self.session = session
        self.http = httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.http, name)


class Running:
    """The service on a free port."""

    def __init__(self, dsn: str, nats_url: str) -> None:
        self.identity = Identity(nats_url)
        self.nats_url = nats_url
        self._dsn = dsn
        self._port = free_port(None)
        self.base = f"http://127.0.0.1:{self._port}"
        self._browsers: list[Browser] = []

    def __enter__(self) -> Self:
        self.identity.start()
        settings = ServiceSettings(
            service_port=self._port,
            postgres_dsn=SecretStr(self._dsn),
            nats_url=self.nats_url,
            nats_password=SecretStr("none"),
            master_key=SecretStr(MasterKey.generate()),
            public_url=ISSUER,
        )
        self.app = build(OrganizationsService, settings)
        config = uvicorn.Config(self.app, "127.0.0.1", self._port, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(self._ready, what="the service")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for browser in self._browsers:
            browser.http.close()
        self._server.should_exit = True
        self._thread.join(10)
        self.identity.stop()

    def _ready(self) -> bool:
        try:
            return httpx2.get(f"{self.base}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def person(self, email: str | None = None, name: str | None = None, *, verified: bool = True) -> Browser:
        """A signed-in user whom identity knows, and of whom organizations has had no event yet."""
        user_id, session = uuid4(), uuid4()
        email = email or f"{user_id.hex}@example.com"
        self.identity.people[user_id] = rpc.Person(email=email, name=name, verified=verified)
        return self._browser(self.identity.token(str(user_id), {"sid": str(session)}), user_id, email, session)

    def client(self, organization: UUID | str, *scopes: str, limits: Limits | None = None) -> Browser:
        """A client of an organization with these scopes."""
        identifier = uuid4()
        client_id = f"thc_{identifier.hex}"
        self.identity.clients[client_id] = rpc.Client(
            id=identifier,
            client_id=client_id,
            organization_id=UUID(str(organization)),
            scopes=scopes,
            limits=limits or Limits(),
        )
        claims = {"client_id": client_id, "org": str(organization), "scope": " ".join(scopes)}
        return self._browser(self.identity.token(client_id, claims), identifier)

    def nobody(self) -> Browser:
        """A caller whose token is none of ours."""
        return self._browser("eyJhbGciOiJub25lIn0.e30.", uuid4())

    def _browser(self, token: str, identifier: UUID, email: str = "", session: UUID | None = None) -> Browser:
        browser = Browser(self.base, token, identifier, email, session)
        self._browsers.append(browser)
        return browser

    def link(self, invitation: str, generation: int) -> str:
        """The token of an invitation's link, asked for on the bus as notifications does."""
        question = rpc.InvitationLinkRequest(invitation_id=UUID(invitation), generation=generation)
        reply = self.identity.ask(rpc.INVITATION_LINK, question)
        assert reply.ok is not None, reply.refused
        token: str = reply.ok.token.get_secret_value()
        return token

    def store_rows(self, organization: str) -> dict[str, Any]:
        """What the service's own tables hold of an organization."""
        with psycopg.connect(self._dsn, row_factory=dict_row) as connection:
            row = connection.execute(
                "SELECT name, (SELECT count(*) FROM members WHERE organization_id = o.id) AS members, "
                "(SELECT count(*) FROM invitations WHERE organization_id = o.id AND status = 'pending') "
                "AS pending FROM organizations o WHERE id = %s",
                (organization,),
            ).fetchone()
        assert row is not None
        return dict(row)

    def forget_foreign_events(self) -> None:
        """Empty the feed of the other services' events, and let it be read again from the streams."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute("DELETE FROM heard")
            connection.execute("DELETE FROM inbox WHERE durable LIKE '%-feed'")
        for context in ("identity", "platforms", "notifications"):
            self.identity.forget_place(context.upper(), f"organizations-{context}-feed")

    def on_the_bus(self, organization: str, count: int) -> list[Envelope]:
        """The first events of an organization in the stream."""
        return self.identity.read(f"evt.organizations.{organization}.>", count)

    def registered(self, person: Browser) -> None:
        """Publish that this user registered and verified their address."""
        known = self.identity.people[person.id]
        self.identity.tell(
            identity.UserRegistered(user_id=person.id, email=known.email, name=known.name, via="registration"),
            person.id,
            actor=str(person.id),
        )
        self.identity.tell(identity.UserEmailVerified(user_id=person.id), person.id)
