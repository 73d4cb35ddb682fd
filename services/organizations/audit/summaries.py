"""One sentence for each kind of change in the audit trail, composed when it is read."""

from collections.abc import Callable, Mapping
from typing import Any

from organizations.audit.views import ShownEntry

_UNKNOWN_USER = "a user whose email address is unknown"
_TARGETS = {"api": "API", "db": "database"}


def summary_of(shown: ShownEntry) -> str:
    """The change without its actor; the name of the event if there is no sentence for it."""
    sentence = _SENTENCES.get(shown.entry.type)
    return shown.entry.type if sentence is None else sentence(shown)


def _label(shown: ShownEntry) -> str:
    return shown.label or _UNKNOWN_USER


def _before(shown: ShownEntry, field: str) -> Any:
    return (shown.entry.before or {}).get(field)


def _after(shown: ShownEntry, field: str) -> Any:
    return (shown.entry.after or {}).get(field)


def _as(grant: Mapping[str, Any] | None) -> str:
    """`as viewer`, `as viewer with audit:read`, `with audit:read`, `without any permission`."""
    grant = grant or {}
    role, permissions = grant.get("role"), ", ".join(grant.get("permissions") or ())
    parts = [f"as {role}" if role else "", f"with {permissions}" if permissions else ""]
    limited = (grant.get("limits") or {}).get("platforms")
    if limited is not None:
        parts.append(f"on {len(limited)} platform{'' if len(limited) == 1 else 's'}")
    return " ".join(filter(None, parts)) if role or permissions else "without any permission"


def _removed(shown: ShownEntry) -> str:
    if shown.entry.actor == str(shown.entry.target):
        return f"{_label(shown)} left the organization"
    return f"Removed {_label(shown)}, a member {_as(shown.entry.before)}"


_SENTENCES: Mapping[str, Callable[[ShownEntry], str]] = {
    "OrgCreated": lambda s: f'Created the organization "{_after(s, "name")}"',
    "OrgRenamed": lambda s: f'Renamed the organization from "{_before(s, "name")}" to "{_after(s, "name")}"',
    "OrgDeleted": lambda s: f"Deleted the organization. It can be restored until {_after(s, 'restorable_until')}",
    "OrgRestored": lambda s: "Restored the organization",
    "MemberInvited": lambda s: f"Invited {_label(s)} {_as(s.entry.after)}",
    "InvitationResent": lambda s: f"Resent the invitation for {_label(s)}",
    "InvitationRevoked": lambda s: f"Revoked the invitation for {_label(s)}",
    "InvitationDeclined": lambda s: f"{_label(s)} declined the invitation",
    "InvitationExpired": lambda s: f"The invitation for {_label(s)} expired",
    "MemberJoined": lambda s: f"{_label(s)} joined {_as(s.entry.after)}",
    "MemberPermissionsChanged": lambda s: (
        f"Changed {_label(s)} from a member {_as(s.entry.before)} to a member {_as(s.entry.after)}"
    ),
    "MemberRemoved": _removed,
    "ClientCreated": lambda s: f'Created the client "{_after(s, "name")}"',
    "ClientRenamed": lambda s: f'Renamed the client from "{_before(s, "name")}" to "{_after(s, "name")}"',
    "ClientScopesChanged": lambda s: (
        f"Changed a client's scopes from {_scopes(s.entry.before)} to {_scopes(s.entry.after)}"
    ),
    "ClientSecretIssued": lambda s: f'Issued the secret "{_after(s, "name")}" to a client',
    "ClientSecretEnded": lambda s: "Revoked a secret of a client",
    "ClientRemoved": lambda s: "Removed a client",
    "PlatformAdded": lambda s: f'Added the trade platform "{_after(s, "name")}"',
    "PlatformOfOtherKindAdded": lambda s: f'Added the trade platform "{_after(s, "name")}" ({_after(s, "kind")})',
    "PlatformRenamed": lambda s: f'Renamed the trade platform from "{_before(s, "name")}" to "{_after(s, "name")}"',
    "PlatformApiChosen": lambda s: (
        f"Changed the API of a trade platform from {_before(s, 'api')} to {_after(s, 'api')}"
    ),
    "PlatformCredentialsSet": lambda s: (
        f"Set the {_TARGETS.get(_after(s, 'target'))} credentials of a trade platform: "
        f"{_after(s, 'login')} at {_after(s, 'host')}:{_after(s, 'port')}"
    ),
    "PlatformCredentialsRemoved": lambda s: (
        f"Removed the {_TARGETS.get(_before(s, 'target'))} credentials of a trade platform"
    ),
    "PlatformRemoved": lambda s: "Removed a trade platform",
}


def _scopes(grant: Mapping[str, Any] | None) -> str:
    return ", ".join((grant or {}).get("scopes") or ()) or "none"
