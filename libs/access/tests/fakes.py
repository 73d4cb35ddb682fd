"""In-memory fakes of the services that the access check asks."""

from typing import Any
from uuid import UUID, uuid4

from access.checks import Access
from access.principal import Principal
from contracts import rpc
from contracts.permissions import Grant, Limits
from kit.messaging.bus import BusUnavailable
from kit.security.tokens import Token

ORG, OTHER, ADA, PLATFORM = (UUID(int=number) for number in range(1, 5))
CLIENT = "thc_1"


class Members(dict[tuple[UUID, UUID], Grant]):
    authoritative = False

    def find(self, organization_id: UUID, user_id: UUID) -> Grant | None:
        return self.get((organization_id, user_id))


class Clients(dict[str, rpc.Client]):
    authoritative = False

    def find(self, client_id: str) -> rpc.Client | None:
        return self.get(client_id)


class Ended(set[UUID | str | None]):
    def has(self, session_id: UUID | None, token_id: str) -> bool:
        return session_id in self or token_id in self


class Owner:
    """Answers as the owners of memberships and clients would, or not at all; `asked` are the questions."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Any] = []
        self.away = False
        self.cut_off_seconds = 0.0

    def ask_from_thread(self, subject: str, question: Any, reply: Any) -> Any:
        self.asked.append(question)
        if self.away:
            raise BusUnavailable
        return reply(ok=self.answers.get(subject))


class Fakes:
    def __init__(self) -> None:
        self.members, self.clients, self.ended, self.owner = Members(), Clients(), Ended(), Owner()
        self.access = Access(self.members, self.clients, self.ended, self.owner)  # type: ignore[arg-type]

    def grant(self, role: str | None, *permissions: str, platforms: tuple[UUID, ...] | None = None) -> Grant:
        made = Grant(role=role, permissions=permissions, limits=Limits(platforms=platforms))
        self.members[(ORG, ADA)] = made
        return made


def user(user_id: UUID = ADA) -> Principal:
    return Principal.of(Token(str(user_id), 2**31, str(uuid4()), frozenset(), {"sid": str(uuid4())}))


def client_with(*scopes: str, organization: UUID = ORG) -> Principal:
    """As its token says."""
    return Principal.of(Token(CLIENT, 2**31, str(uuid4()), frozenset(scopes), {"org": str(organization)}))


def known_client(*scopes: str, platforms: tuple[UUID, ...] | None = None) -> rpc.Client:
    """As a replica or its owner knows it."""
    return rpc.Client(
        id=uuid4(), client_id=CLIENT, organization_id=ORG, scopes=scopes, limits=Limits(platforms=platforms)
    )


def membership(role: str) -> rpc.Membership:
    return rpc.Membership(organization_id=ORG, user_id=ADA, role=role)
