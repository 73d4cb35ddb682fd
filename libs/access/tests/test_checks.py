"""The access check on replicas and owners in memory: when it allows, refuses, and asks."""

from uuid import uuid4

import pytest

from access.checks import MissingPermission, PermissionsUnavailable
from access.principal import Principal
from access.tests.fakes import (
    ADA,
    CLIENT,
    ORG,
    OTHER,
    PLATFORM,
    Fakes,
    client_with,
    known_client,
    membership,
    user,
)
from contracts import rpc
from contracts.permissions import Grant, Limits, Permission, Scope
from kit.errors import NotFound
from kit.security.tokens import InvalidToken, Token


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


def test_a_member_gets_the_grant_of_the_replica(fakes: Fakes) -> None:
    grant = fakes.grant("viewer")
    principal = user()
    for permission in (Permission.PLATFORMS_READ, None):
        acting = fakes.access.acting(principal, ORG, permission)
        assert (acting.principal, acting.organization_id, acting.grant) == (principal, ORG, grant)
    assert fakes.owner.asked == []


def test_the_owner_is_asked_before_a_refusal(fakes: Fakes) -> None:
    fakes.grant("viewer")
    fakes.owner.answers[rpc.MEMBERSHIP.subject] = membership("manager")
    assert fakes.access.acting(user(), ORG, Permission.PLATFORMS_WRITE).grant.role == "manager"
    assert fakes.owner.asked == [rpc.MembershipRequest(organization_id=ORG, user_id=ADA)]


def test_without_the_owner_the_request_is_unavailable(fakes: Fakes) -> None:
    fakes.owner.away = True
    with pytest.raises(PermissionsUnavailable):
        fakes.access.acting(user(), ORG, None)
    with pytest.raises(PermissionsUnavailable):
        fakes.access.acting(client_with("events:read"), ORG, Scope.EVENTS_READ)


def test_the_owner_of_memberships_sends_no_request(fakes: Fakes) -> None:
    fakes.members.authoritative = True
    with pytest.raises(NotFound):
        fakes.access.acting(user(), ORG, None)
    fakes.grant("viewer")
    with pytest.raises(MissingPermission, match="platforms:write"):
        fakes.access.acting(user(), ORG, Permission.PLATFORMS_WRITE)
    assert fakes.owner.asked == []


def test_the_owner_of_clients_sends_no_request(fakes: Fakes) -> None:
    fakes.clients.authoritative = True
    with pytest.raises(InvalidToken):
        fakes.access.alive(client_with("events:read"))
    fakes.clients[CLIENT] = known_client("events:read")
    with pytest.raises(MissingPermission):
        fakes.access.acting(client_with("events:read", "audit:read"), ORG, Permission.AUDIT_READ)
    assert fakes.owner.asked == []


def test_a_scope_missing_from_the_token_is_refused_without_a_request(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read", "audit:read")
    with pytest.raises(MissingPermission):
        fakes.access.acting(client_with("events:read"), ORG, Permission.AUDIT_READ)
    with pytest.raises(MissingPermission):
        fakes.access.acting(client_with("events:read"), ORG, Permission.MEMBERS_READ)
    assert fakes.owner.asked == []


def test_a_client_holds_the_scopes_that_both_token_and_client_have(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read", "accounts:read", platforms=(PLATFORM,))
    grant = fakes.access.acting(client_with("events:read", "accounts:read", "audit:read"), ORG, Scope.EVENTS_READ).grant
    assert (grant.role, grant.permissions) == (None, ("accounts:read", "events:read"))
    assert grant.limits.platforms == (PLATFORM,)
    assert fakes.owner.asked == []


def test_a_scope_that_the_client_lacks_here_is_requested_from_its_owner(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read")
    fakes.owner.answers[rpc.CLIENT.subject] = known_client("events:read", "audit:read")
    assert fakes.access.acting(client_with("audit:read"), ORG, Permission.AUDIT_READ)
    assert fakes.owner.asked == [rpc.ClientRequest(client_id=CLIENT)]


def test_a_client_removed_at_its_owner_has_no_organization(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read")
    with pytest.raises(NotFound):
        fakes.access.acting(client_with("audit:read"), ORG, Permission.AUDIT_READ)


def test_a_client_is_in_its_own_organization_only(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read")
    with pytest.raises(NotFound):
        fakes.access.acting(client_with("events:read"), OTHER, Scope.EVENTS_READ)


@pytest.mark.parametrize("permission", [Permission.PLATFORMS_READ, None])
def test_platforms_beyond_the_limits_are_not_found(fakes: Fakes, permission: Permission | None) -> None:
    limited = fakes.grant("viewer", platforms=(PLATFORM,))
    fakes.owner.answers[rpc.MEMBERSHIP.subject] = rpc.Membership(
        organization_id=ORG, user_id=ADA, role="viewer", limits=limited.limits
    )
    assert fakes.access.acting(user(), ORG, permission, platform=PLATFORM)
    assert fakes.owner.asked == []
    with pytest.raises(NotFound):
        fakes.access.acting(user(), ORG, permission, platform=uuid4())
    assert len(fakes.owner.asked) == 1


def test_a_client_with_wider_limits_at_its_owner_reaches_the_platform(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read", platforms=())
    fakes.owner.answers[rpc.CLIENT.subject] = known_client("events:read", platforms=(PLATFORM,))
    assert fakes.access.acting(client_with("events:read"), ORG, Scope.EVENTS_READ, platform=PLATFORM)


def test_members_hold_scopes_that_are_no_permission_only_as_additions(fakes: Fakes) -> None:
    fakes.grant("viewer", "accounts:read", "audit:read")
    for permission in (Scope.ACCOUNTS_READ, Permission.AUDIT_READ, Permission.CLIENTS_READ):
        assert fakes.access.acting(user(), ORG, permission)
    with pytest.raises(NotFound):
        fakes.access.acting(user(), ORG, Permission.CLIENTS_WRITE)


def test_critical_permissions_are_refused_after_thirty_seconds_without_the_bus(fakes: Fakes) -> None:
    grant = fakes.grant("administrator")
    fakes.owner.cut_off_seconds = 30.0
    assert fakes.access.acting(user(), ORG, Permission.CLIENTS_WRITE, fresh=True)
    fakes.owner.cut_off_seconds = 30.5
    assert fakes.access.acting(user(), ORG, Permission.CLIENTS_WRITE)
    assert fakes.access.acting(user(), ORG, Permission.CLIENTS_WRITE, known=grant)
    with pytest.raises(PermissionsUnavailable):
        fakes.access.acting(user(), ORG, Permission.CLIENTS_WRITE, fresh=True)
    with pytest.raises(PermissionsUnavailable):
        fakes.access.acting(user(), ORG, Permission.CLIENTS_WRITE, fresh=True, known=grant)


def test_a_known_grant_decides_without_asking(fakes: Fakes) -> None:
    principal, grant = user(), Grant(role="viewer", limits=Limits(platforms=(PLATFORM,)))
    acting = fakes.access.acting(principal, ORG, Permission.PLATFORMS_READ, platform=PLATFORM, known=grant)
    assert (acting.principal, acting.organization_id, acting.grant) == (principal, ORG, grant)
    fakes.grant("administrator")
    with pytest.raises(MissingPermission):
        fakes.access.acting(principal, ORG, Permission.PLATFORMS_WRITE, known=grant)
    with pytest.raises(NotFound):
        fakes.access.acting(principal, ORG, Permission.PLATFORMS_READ, platform=uuid4(), known=grant)
    assert fakes.owner.asked == []


def test_revoked_sessions_and_tokens_and_removed_clients_are_not_alive(fakes: Fakes) -> None:
    first, second = user(), user()
    fakes.access.alive(first)
    fakes.ended |= {first.session_id, second.token.id}
    for principal in (first, second):
        with pytest.raises(InvalidToken, match="has ended"):
            fakes.access.alive(principal)
    with pytest.raises(InvalidToken, match="no longer exists"):
        fakes.access.alive(client_with("events:read"))
    fakes.owner.answers[rpc.CLIENT.subject] = known_client("events:read")
    fakes.access.alive(client_with("events:read"))


def test_a_principal_is_a_user_with_a_session_or_a_client_with_an_organization() -> None:
    session = uuid4()
    token = Token(str(ADA), 2**31, "t", frozenset({"openid"}), {"sid": str(session)})
    assert Principal.of(token) == Principal(str(ADA), ADA, None, None, session, token.scopes, token)
    token = Token(CLIENT, 2**31, "t", frozenset({"events:read"}), {"org": str(ORG), "sid": str(session)})
    assert Principal.of(token) == Principal(CLIENT, None, CLIENT, ORG, None, token.scopes, token)


@pytest.mark.parametrize(
    ("subject", "claims"),
    [(str(ADA), {}), (str(ADA), {"sid": "x"}), (CLIENT, {"org": "x"}), (CLIENT, {"sid": str(ADA)})],
)
def test_a_token_without_user_or_client_is_invalid(subject: str, claims: dict[str, str]) -> None:
    with pytest.raises(InvalidToken):
        Principal.of(Token(subject, 2**31, "t", frozenset(), claims))
