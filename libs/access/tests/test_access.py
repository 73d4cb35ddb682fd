"""Authorization from replicas: events, requests to the owner before a refusal, revoked tokens."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from access import replicas
from access.checks import Access, MissingPermission, PermissionsUnavailable
from access.principal import Principal
from contracts import identity, organizations, rpc
from contracts.envelope import Envelope
from contracts.permissions import Grant, Limits, Permission, Role, Scope
from kit.db.database import Database
from kit.errors import NotFound
from kit.messaging.bus import BusUnavailable
from kit.security.tokens import InvalidToken, Token
from testing.events import enveloped
from testing.servers import Databases

ORG, OTHER, ADA, PLATFORM = uuid4(), uuid4(), uuid4(), uuid4()


class Owner:
    """Answers like the owners of the permissions, or not at all."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.away = False
        self.cut_off_seconds = 0.0

    def ask_from_thread(self, subject: str, question: Any, reply: Any) -> Any:
        if self.away:
            raise BusUnavailable
        return reply(ok=self.answers.get(subject))


class World:
    """A service's copies, fed with events, and its access check."""

    def __init__(self, dsn: str) -> None:
        self.database = Database(dsn)
        self.database.open()
        self.owner = Owner()
        parts = (
            replicas.MembershipReplica(self.database),
            replicas.ClientReplica(self.database),
            replicas.RevocationReplica(self.database),
        )
        self.handlers: dict[type, Callable[[Envelope], None]] = {}
        for part in parts:
            self.handlers |= dict(part.subscriptions())
        self.access = Access(*parts, self.owner)  # type: ignore[arg-type]

    def tell(self, event: Any) -> None:
        self.handlers[type(event)](enveloped(event))


@pytest.fixture
def world(databases: Databases) -> Iterator[World]:
    made = World(databases.migrated(replicas.SCHEMA))
    yield made
    made.database.close()


def person(user: UUID = ADA, session: UUID | None = None) -> Principal:
    claims = {"sid": str(session or uuid4())}
    return Principal.of(Token(str(user), 2**31, str(uuid4()), frozenset(), claims))


def program(*scopes: str, organization: UUID = ORG) -> Principal:
    return Principal.of(Token("thc_1", 2**31, str(uuid4()), frozenset(scopes), {"org": str(organization)}))


def client(*scopes: str, platforms: tuple[UUID, ...] | None = None) -> identity.ClientCreated:
    return identity.ClientCreated(
        client=uuid4(),
        client_id="thc_1",
        organization_id=ORG,
        name="robot",
        scopes=scopes,
        limits=Limits(platforms=platforms),
        created_by=ADA,
    )


def test_an_owner_has_all_permissions_in_its_own_organization_only(world: World) -> None:
    world.tell(organizations.OrgCreated(organization_id=ORG, name="A", owner=ADA))
    assert world.access.acting(person(), ORG, Permission.MEMBERS_WRITE).grant.role == Role.ADMINISTRATOR
    with pytest.raises(NotFound):
        world.access.acting(person(), OTHER, None)
    with pytest.raises(NotFound):
        world.access.acting(person(uuid4()), ORG, None)


def test_a_permission_missing_from_the_replica_is_requested_from_its_owner(world: World) -> None:
    world.owner.answers[rpc.MEMBERSHIP.subject] = rpc.Membership(organization_id=ORG, user_id=ADA, role=Role.MANAGER)
    assert world.access.acting(person(), ORG, Permission.PLATFORMS_WRITE)
    with pytest.raises(MissingPermission):
        world.access.acting(person(), ORG, Permission.MEMBERS_WRITE)
    world.owner.away = True
    with pytest.raises(PermissionsUnavailable):
        world.access.acting(person(), ORG, Permission.PLATFORMS_WRITE)


def test_without_the_bus_known_permissions_work_but_critical_writes_stop_after_thirty_seconds(world: World) -> None:
    world.tell(organizations.OrgCreated(organization_id=ORG, name="A", owner=ADA))
    world.owner.away = True
    world.owner.cut_off_seconds = 31.0
    assert world.access.acting(person(), ORG, Permission.CLIENTS_WRITE)
    with pytest.raises(PermissionsUnavailable):
        world.access.acting(person(), ORG, Permission.CLIENTS_WRITE, fresh=True)


def test_a_revoked_permission_is_refused_after_its_event(world: World) -> None:
    world.tell(organizations.MemberJoined(organization_id=ORG, user_id=ADA, role=Role.MANAGER))
    changed = organizations.MemberPermissionsChanged(
        organization_id=ORG, user_id=ADA, from_=Grant(role=Role.MANAGER), to=Grant(role=Role.VIEWER)
    )
    world.tell(changed)
    world.owner.answers[rpc.MEMBERSHIP.subject] = rpc.Membership(organization_id=ORG, user_id=ADA, role=Role.VIEWER)
    with pytest.raises(MissingPermission):
        world.access.acting(person(), ORG, Permission.PLATFORMS_WRITE)
    world.owner.answers.clear()
    world.tell(organizations.MemberRemoved(organization_id=ORG, user_id=ADA, how="removed"))
    with pytest.raises(NotFound):
        world.access.acting(person(), ORG, None)


def test_a_deleted_organization_is_hidden_until_it_is_restored(world: World) -> None:
    world.tell(organizations.OrgCreated(organization_id=ORG, name="A", owner=ADA))
    until = datetime.now(UTC) + timedelta(days=30)
    world.tell(organizations.OrgDeleted(organization_id=ORG, restorable_until=until))
    with pytest.raises(NotFound):
        world.access.acting(person(), ORG, None)
    world.tell(organizations.OrgRestored(organization_id=ORG))
    assert world.access.acting(person(), ORG, None)


def test_clients_of_a_deleted_organization_are_refused_until_it_is_restored(world: World) -> None:
    world.tell(organizations.OrgCreated(organization_id=ORG, name="A", owner=ADA))
    world.tell(client("platforms:read"))
    until = datetime.now(UTC) + timedelta(days=30)
    world.tell(organizations.OrgDeleted(organization_id=ORG, restorable_until=until))
    with pytest.raises(InvalidToken):
        world.access.alive(program("platforms:read"))
    world.tell(organizations.OrgRestored(organization_id=ORG))
    world.access.alive(program("platforms:read"))


def test_limits_hide_other_platforms(world: World) -> None:
    limited = Limits(platforms=(PLATFORM,))
    world.tell(organizations.MemberJoined(organization_id=ORG, user_id=ADA, role=Role.VIEWER, limits=limited))
    assert world.access.acting(person(), ORG, Permission.PLATFORMS_READ, platform=PLATFORM)
    with pytest.raises(NotFound):
        world.access.acting(person(), ORG, Permission.PLATFORMS_READ, platform=uuid4())


def test_a_client_has_its_scopes_in_its_own_organization_only(world: World) -> None:
    world.tell(client("platforms:read", "accounts:read"))
    assert world.access.acting(program("platforms:read"), ORG, Permission.PLATFORMS_READ)
    assert world.access.acting(program("accounts:read"), ORG, Scope.ACCOUNTS_READ)
    with pytest.raises(MissingPermission):
        world.access.acting(program("accounts:read"), ORG, Permission.PLATFORMS_READ)
    with pytest.raises(MissingPermission):
        world.access.acting(program("platforms:read"), ORG, Permission.MEMBERS_READ)
    with pytest.raises(NotFound):
        world.access.acting(program("platforms:read"), OTHER, Permission.PLATFORMS_READ)
    with pytest.raises(NotFound):
        world.access.acting(program("platforms:read", organization=OTHER), OTHER, Permission.PLATFORMS_READ)


def test_a_scope_missing_from_the_replica_is_requested_from_its_owner(world: World) -> None:
    made = client("platforms:read")
    world.tell(made)
    world.owner.answers[rpc.CLIENT.subject] = rpc.Client(
        id=made.client, client_id=made.client_id, organization_id=ORG, scopes=("platforms:read", "audit:read")
    )
    assert world.access.acting(program("audit:read"), ORG, Permission.AUDIT_READ)


def test_a_scope_revoked_from_a_client_is_refused_in_existing_tokens(world: World) -> None:
    made = client("platforms:read", "audit:read")
    world.tell(made)
    changed = identity.ClientScopesChanged(
        client=made.client,
        client_id=made.client_id,
        organization_id=ORG,
        from_=identity.ClientGrant(scopes=made.scopes),
        to=identity.ClientGrant(scopes=("platforms:read",)),
    )
    world.tell(changed)
    world.owner.answers[rpc.CLIENT.subject] = rpc.Client(
        id=made.client, client_id=made.client_id, organization_id=ORG, scopes=("platforms:read",)
    )
    with pytest.raises(MissingPermission):
        world.access.acting(program("platforms:read", "audit:read"), ORG, Permission.AUDIT_READ)


def test_removed_clients_and_revoked_sessions_and_tokens_are_refused(world: World) -> None:
    made = client("platforms:read")
    world.tell(made)
    world.access.alive(program("platforms:read"))
    world.tell(identity.ClientRemoved(client=made.client, client_id=made.client_id, organization_id=ORG))
    with pytest.raises(InvalidToken):
        world.access.alive(program("platforms:read"))

    session = uuid4()
    caller = person(session=session)
    world.access.alive(caller)
    world.tell(identity.UserSessionEnded(user_id=ADA, session_id=session))
    with pytest.raises(InvalidToken):
        world.access.alive(caller)

    other = person()
    world.tell(identity.TokenRevoked(jti=other.token.id, expires_at=datetime.now(UTC) + timedelta(minutes=5)))
    with pytest.raises(InvalidToken):
        world.access.alive(other)


@pytest.mark.parametrize("claims", [{}, {"sid": "x"}, {"org": "x"}])
def test_a_token_without_a_principal_is_refused(claims: dict[str, str]) -> None:
    with pytest.raises(InvalidToken):
        Principal.of(Token(str(uuid4()), 2**31, "j", frozenset(), claims))


def test_wider_limits_missing_from_the_replica_are_requested_from_their_owner(world: World) -> None:
    world.tell(
        organizations.MemberJoined(
            organization_id=ORG,
            user_id=ADA,
            role=Role.VIEWER,
            permissions=(),
            limits=Limits(platforms=()),
            invitation_id=uuid4(),
            invited_by=uuid4(),
        )
    )
    world.tell(client("platforms:read", platforms=()))
    for caller, subject in ((person(), rpc.MEMBERSHIP.subject), (program("platforms:read"), rpc.CLIENT.subject)):
        with pytest.raises(NotFound):
            world.access.acting(caller, ORG, Permission.PLATFORMS_READ, platform=PLATFORM)
        wide = Limits(platforms=(PLATFORM,))
        world.owner.answers[subject] = (
            rpc.Membership(organization_id=ORG, user_id=ADA, role=Role.VIEWER, limits=wide)
            if caller.user_id
            else rpc.Client(id=uuid4(), client_id="thc_1", organization_id=ORG, scopes=("platforms:read",), limits=wide)
        )
        assert world.access.acting(caller, ORG, Permission.PLATFORMS_READ, platform=PLATFORM).grant.limits == wide
