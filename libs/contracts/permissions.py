"""Permissions, roles, client scopes, limits, and the rules of granting them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from contracts.event import Message
from contracts.fields import Permissions
from contracts.fields import Role as RoleName


class Permission(StrEnum):
    """A permission of a member in one organization."""

    ORGANIZATION_WRITE = "organization:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    PLATFORMS_READ = "platforms:read"
    PLATFORMS_WRITE = "platforms:write"
    CREDENTIALS_WRITE = "credentials:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """A named set of permissions."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    VIEWER = "viewer"


class Scope(StrEnum):
    """A permission that a client may hold."""

    PLATFORMS_READ = "platforms:read"
    PLATFORMS_WRITE = "platforms:write"
    CREDENTIALS_WRITE = "credentials:write"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_READ_PERSONAL = "accounts:read-personal"
    EVENTS_READ = "events:read"
    AUDIT_READ = "audit:read"


ALL_PERMISSIONS = frozenset(Permission)

ROLES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: ALL_PERMISSIONS,
        Role.MANAGER: frozenset(
            {
                Permission.PLATFORMS_READ,
                Permission.PLATFORMS_WRITE,
                Permission.CREDENTIALS_WRITE,
                Permission.CLIENTS_READ,
                Permission.CLIENTS_WRITE,
                Permission.MEMBERS_READ,
            }
        ),
        Role.VIEWER: frozenset({Permission.PLATFORMS_READ, Permission.CLIENTS_READ, Permission.MEMBERS_READ}),
    }
)

SCOPE_NEEDS: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        Scope.PLATFORMS_READ: frozenset({Permission.PLATFORMS_READ}),
        Scope.PLATFORMS_WRITE: frozenset({Permission.PLATFORMS_WRITE}),
        Scope.CREDENTIALS_WRITE: frozenset({Permission.CREDENTIALS_WRITE}),
        Scope.ACCOUNTS_READ: frozenset({Permission.PLATFORMS_READ}),
        Scope.ACCOUNTS_READ_PERSONAL: ALL_PERMISSIONS,
        Scope.EVENTS_READ: frozenset({Permission.AUDIT_READ}),
        Scope.AUDIT_READ: frozenset({Permission.AUDIT_READ}),
    }
)
"""Permissions that a user needs to grant a scope to a client; accounts:read-personal needs an administrator."""


def effective(role: str | None, extra: Iterable[str]) -> frozenset[Permission]:
    """All permissions of a member: those of the role and the additional ones.

    Unknown roles and permissions, which a newer service may name, grant nothing. The function is idempotent.
    """
    granted = ROLES.get(role, frozenset()) if role is not None else frozenset()
    return granted | {Permission(each) for each in extra if each in ALL_PERMISSIONS}


def lacking_for(scopes: Iterable[str], held: Iterable[str]) -> frozenset[Permission]:
    """Permissions missing from `held` to grant `scopes`. Raises KeyError for an unknown scope."""
    needed = frozenset[Permission]().union(*(SCOPE_NEEDS[scope] for scope in scopes))
    return needed - frozenset(held)


class Limits(Message):
    """The platforms that permissions on platforms apply to."""

    # Unlike other messages, it refuses unknown fields: ignoring a limit would widen a permission.

    model_config = ConfigDict(extra="forbid")

    platforms: tuple[UUID, ...] | None = Field(
        default=None,
        description="Ids of the platforms; null for all platforms.",
        examples=[["e1d6a3b8-7c5f-4e29-8b0a-5d4c2f1e9a65"]],
    )

    def allow(self, platform: UUID) -> bool:
        """Whether the permissions apply to this platform."""
        return self.platforms is None or platform in self.platforms

    def within(self, other: Self) -> bool:
        """Whether these limits allow no platform that the others do not allow."""
        if other.platforms is None:
            return True
        return self.platforms is not None and set(self.platforms) <= set(other.platforms)


class Grant(Message):
    """A member's grant in one organization. `permissions` are those in addition to the role's.

    Role and permissions are open strings, so that an older reader accepts a newer grant.
    """

    role: RoleName
    permissions: Permissions = ()
    limits: Limits = Field(default=Limits(), description="Platforms that the permissions apply to.")

    @property
    def effective(self) -> frozenset[Permission]:
        """All permissions, the role's included."""
        return effective(self.role, self.permissions)

    def covers(self, other: "Grant") -> bool:
        """Whether a member with this grant may give or revoke the other one: nobody grants what they lack."""
        return other.effective <= self.effective and other.limits.within(self.limits)
