"""The permission check. A granted permission works everywhere at once, a revoked one stops within a second."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from access.principal import Principal
from contracts import rpc
from contracts.permissions import Grant, Limits, Permission, Scope
from kit.errors import Forbidden, NotFound, Unavailable
from kit.messaging.bus import Bus, BusUnavailable
from kit.security.tokens import InvalidToken

_CUT_OFF = 30.0  # seconds after which a copy is too old for writes that matter


class Members(Protocol):
    """`authoritative` says whether these are the owner's own tables, or a replica that may lag."""

    authoritative: bool

    def find(self, organization_id: UUID, user_id: UUID) -> Grant | None: ...


class Clients(Protocol):
    authoritative: bool

    def find(self, client_id: str) -> rpc.Client | None: ...


class Ended(Protocol):
    """Ended sessions, revoked tokens and removed clients."""

    def has(self, session_id: UUID | None, token_id: str) -> bool: ...


class MissingPermission(Forbidden):
    code = "permission-missing"
    title = "Missing permission in this organization"


class UserRequired(Forbidden):
    code = "person-needed"
    title = "Only users may do this, not clients"


class PermissionsUnavailable(Unavailable):
    """The permission is not known here, and its owner cannot be asked now."""

    code = "permissions-unavailable"
    title = "Permissions cannot be checked now: nothing was changed"


@dataclass(frozen=True)
class OrgPrincipal:
    """A principal inside an organization, with its permissions there (of a client, its scopes)."""

    principal: Principal
    organization_id: UUID
    grant: Grant


class Access:
    """Checks permissions. Asks the owner before refusing because of a replica."""

    def __init__(self, members: Members, clients: Clients, ended: Ended, bus: Bus) -> None:
        self._members = members
        self._clients = clients
        self._ended = ended
        self._bus = bus

    def alive(self, principal: Principal) -> None:
        """Raises InvalidToken if the session has ended, the token is revoked, or the client was removed."""
        if self._ended.has(principal.session_id, principal.token.id):
            raise InvalidToken("The session or token has ended.")
        if principal.client_id is not None and self._client(principal) is None:
            raise InvalidToken("The client no longer exists.")

    def acting(
        self,
        principal: Principal,
        organization_id: UUID,
        permission: Permission | Scope | None,
        *,
        platform: UUID | None = None,
        fresh: bool = False,
        known: Grant | None = None,
    ) -> OrgPrincipal:
        """The principal in an organization; with `permission` None, any member or client of it.

        `fresh` refuses if the replicas have not been updated for over 30 s. `known` is the grant of a member as the
        owner of memberships has just read it; with it, nothing is looked up and nobody is asked. Raises NotFound for
        an organization the principal is not in, or a platform beyond their limits; MissingPermission;
        PermissionsUnavailable.
        """
        if fresh and self._bus.cut_off_seconds > _CUT_OFF:
            raise PermissionsUnavailable("Permissions may have changed since the connection to the bus was lost.")
        if known is not None:
            grant: Grant | None = known
        elif principal.client_id is not None:
            grant = self._client_grant(principal, organization_id, permission, platform)
        else:
            grant = self._member_grant(principal, organization_id, permission, platform)
        if grant is None:
            raise NotFound
        if not _reaches(grant.limits, platform):
            raise NotFound
        if permission is not None and permission not in _held(grant):
            raise MissingPermission(f"Requires the permission {permission}.")
        return OrgPrincipal(principal, organization_id, grant)

    def _member_grant(
        self, principal: Principal, organization_id: UUID, permission: str | None, platform: UUID | None
    ) -> Grant | None:
        assert principal.user_id is not None
        grant = self._members.find(organization_id, principal.user_id)
        if self._members.authoritative or (grant and _suffices(grant, permission, platform)):
            return grant
        question = rpc.MembershipRequest(organization_id=organization_id, user_id=principal.user_id)
        try:
            return self._bus.ask_from_thread(rpc.MEMBERSHIP.subject, question, rpc.MEMBERSHIP.reply).ok
        except BusUnavailable as error:
            raise PermissionsUnavailable from error

    def _client_grant(
        self, principal: Principal, organization_id: UUID, permission: str | None, platform: UUID | None
    ) -> Grant | None:
        client = self._client(principal)
        lacks = client is not None and permission in principal.scopes and permission not in client.scopes
        if lacks or (client is not None and not _reaches(client.limits, platform)):
            client = self._ask_for_client(principal)
        if client is None or client.organization_id != organization_id:
            return None
        # A token keeps the scopes of its issue; what the client has lost since counts at once.
        scopes = sorted(principal.scopes & set(client.scopes))
        return Grant(role=None, permissions=tuple(scopes), limits=client.limits)

    def _client(self, principal: Principal) -> rpc.Client | None:
        assert principal.client_id is not None
        return self._clients.find(principal.client_id) or self._ask_for_client(principal)

    def _ask_for_client(self, principal: Principal) -> rpc.Client | None:
        """The client as its owner knows it; from the own tables where this is the owner."""
        assert principal.client_id is not None
        if self._clients.authoritative:
            return self._clients.find(principal.client_id)
        question = rpc.ClientRequest(client_id=principal.client_id)
        try:
            return self._bus.ask_from_thread(rpc.CLIENT.subject, question, rpc.CLIENT.reply).ok
        except BusUnavailable as error:
            raise PermissionsUnavailable from error


def _suffices(grant: Grant, permission: str | None, platform: UUID | None) -> bool:
    """Whether the grant of a replica is enough to allow. Before refusing, the owner is asked."""
    return (permission is None or permission in _held(grant)) and _reaches(grant.limits, platform)


def _reaches(limits: Limits, platform: UUID | None) -> bool:
    return platform is None or limits.allow(platform)


def _held(grant: Grant) -> Iterable[str]:
    """Effective permissions; for clients also the scopes that are no permission of members."""
    return {*map(str, grant.effective), *(p for p in grant.permissions if p not in set(Permission))}
