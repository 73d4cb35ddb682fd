"""The use cases of the service on a real database, on a clock that tests move."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, LiteralString, TypeVar
from uuid import UUID, uuid4

from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from access.principal import Principal
from contracts.permissions import Grant
from kit.context import acting
from kit.db.database import Database
from kit.db.reads import Reads
from kit.http.pagination import TimeAndId
from kit.messaging.bus import Bus
from kit.security.keys import MasterKey
from kit.security.tokens import Token
from organizations.container import Container
from organizations.events import PUBLICATIONS
from organizations.invitations.service import Accepted
from organizations.members.views import Member, members_seen_by
from organizations.organizations.views import own_organizations
from testing.clock import Clock

T = TypeVar("T")
ADMINISTRATOR = Grant(role="administrator")
VIEWER = Grant(role="viewer")


def container(database: Database, master: MasterKey, clock: Clock) -> Container:
    """The use cases of the service, on a bus that was never started."""
    bus = Bus("nats://127.0.0.1:1", "organizations", SecretStr("none"))
    return Container(database, master, bus, clock, PUBLICATIONS.envelope)


class _Reads(Reads):
    """On the connections of the world, which are closed with it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, query: LiteralString, params: Any = None) -> Sequence[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._database.all(query, params)]


def _signed_in(user: UUID) -> Principal:
    return Principal.of(Token(str(user), 2**31, str(uuid4()), frozenset(), {"sid": str(uuid4())}))


class World:
    """The use cases, with short ways to situations."""

    def __init__(self, dsn: str) -> None:
        self.database = Database(dsn)
        self.database.open()
        self.clock = Clock()
        self.master = MasterKey(SecretStr(MasterKey.generate()))
        made = container(self.database, self.master, self.clock)
        self.store = made.store
        self.views = made.views
        self.users = made.users
        self.organizations = made.organizations
        self.members = made.members
        self.invitations = made.invitations
        self.feed = made.feed
        self.erasure = made.erasure
        self.housekeeping = made.housekeeping

    def person(self, email: str | None = None, name: str | None = None) -> UUID:
        """Somebody whose address is known and verified."""
        user_id = uuid4()
        self.users.learn(user_id, email or f"{user_id.hex}@example.com", name, verified=True)
        return user_id

    def organization(self, owner: UUID | None = None, name: str = "Brokers") -> tuple[UUID, UUID]:
        """An organization and its owner."""
        owner = owner or self.person()
        with acting(actor=str(owner), correlation="request-1"):
            return self.organizations.create(name, owner).id, owner

    def invite(self, organization: UUID, by: UUID, email: str, grant: Grant = VIEWER) -> tuple[UUID, str]:
        """An invitation and the token of its link."""
        with acting(actor=str(by)):
            context = self.invitations.context(organization, by, email)
            invitation_id = self.invitations.invite(organization, email, grant, by, context).id
        return invitation_id, self.invitations.link(invitation_id, 1)[0]

    def members_of(
        self, organization: UUID, user: UUID, place: TimeAndId | None = None, limit: int = 50
    ) -> list[Member]:
        """As a member sees them; limit + 1 at most."""
        return asyncio.run(members_seen_by(_Reads(self.database), _signed_in(user), organization, place, limit))[1]

    def organizations_of(self, user: UUID, deleted_at: datetime | None = None) -> list[UUID]:
        """As the user sees them."""
        _, rows = asyncio.run(own_organizations(_Reads(self.database), _signed_in(user), None, 50, deleted_at))
        return [row.id for row in rows]

    def accept(self, token: str, user_id: UUID) -> Accepted:
        person = self.users.find(user_id)
        assert person is not None
        assert person.email is not None
        with acting(actor=str(user_id)):
            return self.invitations.accept(token, user_id, person.email)

    def member(self, organization: UUID, by: UUID, grant: Grant = VIEWER) -> UUID:
        """A new member by invitation."""
        user_id = self.person()
        self.accept(self.invite(organization, by, f"{user_id.hex}@example.com", grant)[1], user_id)
        return user_id

    def kinds(self) -> list[str]:
        """The names of all stored events, in order."""
        return [type(one.event).__name__ for one in self.store.read(0, 10_000)]

    def rows(self) -> dict[str, list[Any]]:
        """All that the read models hold."""
        return {
            table: sorted(map(repr, self.database.all(SQL("TABLE {}").format(Identifier(table)))))
            for table in ("organizations", "members", "invitations", "audit", "heard")
        }


def at_once(works: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """What each work answered or raised, all of them having run at the same time."""

    def run(work: Callable[[], T]) -> T | Exception:
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
