"""The organization with its members: names, grants, deletion and restoration."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.domain import event

from contracts.permissions import Grant, Permission, Role
from kit.errors import Conflict, Forbidden, NotFound
from kit.eventstore.aggregate import Aggregate, Created

MOST_MEMBERS = 1_000
RESTORABLE = timedelta(days=30)
ADMINISTRATOR = Grant(role=Role.ADMINISTRATOR)
_FIRST = UUID("c1f6a8f4-4c1b-4e39-9d3b-6d1ef14b1d5a")


class LastAdministrator(Conflict):
    code = "last-administrator"
    title = "The last administrator cannot leave: make another member an administrator first"


class TooManyMembers(Conflict):
    code = "too-many-members"
    title = f"An organization has at most {MOST_MEMBERS:,} members"


class AlreadyMember(Conflict):
    code = "already-member"
    title = "The user is already a member"


class GrantExceedsOwn(Forbidden):
    code = "grant-exceeds-own"
    title = "You can only grant and withdraw permissions that you have"


def must_give(held: Grant | None, grant: Grant) -> None:
    """Raises GrantExceedsOwn unless a member with the grant `held` (None: not a member) may give such a grant."""
    if held is None or Permission.MEMBERS_WRITE not in held.effective or not held.covers(grant):
        raise GrantExceedsOwn


def first_organization_id(user_id: UUID) -> UUID:
    """The id of the organization that is created for a user. It is derived, so that the event about the registration
    and the first request of the user create the same one."""
    return uuid5(_FIRST, str(user_id))


class Organization(Aggregate):
    """A tenant. `members` is user id -> grant, as it is stored in events; at most MOST_MEMBERS of them."""

    TOPIC = "organizations.Organization"

    class OrgCreated(Created):
        """The owner becomes an administrator by this event; no MemberJoined follows."""

        TOPIC = "organizations.OrgCreated"
        name: str
        owner: UUID

    class OrgRenamed(Aggregate.Event):
        TOPIC = "organizations.OrgRenamed"
        from_: str
        to: str

    class OrgDeleted(Aggregate.Event):
        TOPIC = "organizations.OrgDeleted"
        restorable_until: datetime

    class OrgRestored(Aggregate.Event):
        TOPIC = "organizations.OrgRestored"

    class OrgPurged(Aggregate.Event):
        """It can no longer be restored, and its keys are destroyed."""

        TOPIC = "organizations.OrgPurged"

    class MemberJoined(Aggregate.Event):
        TOPIC = "organizations.MemberJoined"
        user_id: UUID
        grant: dict[str, Any]
        invitation_id: UUID
        invited_by: UUID

    class MemberPermissionsChanged(Aggregate.Event):
        TOPIC = "organizations.MemberPermissionsChanged"
        user_id: UUID
        from_: dict[str, Any]
        to: dict[str, Any]

    class MemberRemoved(Aggregate.Event):
        """`how` is removed, left or erased; `grant` is what the member held."""

        TOPIC = "organizations.MemberRemoved"
        user_id: UUID
        grant: dict[str, Any]
        how: str

    @event(OrgCreated)
    def __init__(self, id: UUID, name: str, owner: UUID) -> None:
        self.name = name
        self.members: dict[str, dict[str, Any]] = {str(owner): _stored(ADMINISTRATOR)}
        self.restorable_until: datetime | None = None
        self.purged = False

    @staticmethod
    def create_id(id: UUID) -> UUID:
        """The id is given: the first organization of a user has a derived one."""
        return id

    @property
    def deleted(self) -> bool:
        return self.restorable_until is not None

    @property
    def has_administrator(self) -> bool:
        """False only after the last one was erased."""
        return any(_is_administrator(Grant.model_validate(grant)) for grant in self.members.values())

    def grant_of(self, user_id: UUID) -> Grant | None:
        """The grant of a member; None for everybody else."""
        grant = self.members.get(str(user_id))
        return None if grant is None else Grant.model_validate(grant)

    def rename(self, name: str) -> None:
        if name != self.name:
            self._rename(self.name, name)

    def delete(self, now: datetime) -> None:
        if not self.deleted:
            self._delete(now + RESTORABLE)

    def restore(self, by: UUID, now: datetime) -> None:
        """Raises NotFound after the time to restore it, and for users who were not administrators of it."""
        if not _is_administrator(self.grant_of(by)):
            raise NotFound
        if self.restorable_until is None:
            return
        if self.purged or self.restorable_until <= now:
            raise NotFound
        self._restore()

    def purge(self, now: datetime) -> None:
        """Delete it permanently, once it can no longer be restored."""
        if not self.purged and self.restorable_until is not None and self.restorable_until <= now:
            self._purge()

    def must_be_granted_by(self, by: UUID, grant: Grant) -> None:
        """Raises GrantExceedsOwn unless this member may give such a grant."""
        must_give(self.grant_of(by), grant)

    def join(self, user_id: UUID, grant: Grant, invitation_id: UUID, invited_by: UUID) -> None:
        """Add a member; one who is a member already keeps their grant. Raises TooManyMembers."""
        if str(user_id) in self.members:
            return
        if len(self.members) >= MOST_MEMBERS:
            raise TooManyMembers
        self._join(user_id, _stored(grant), invitation_id, invited_by)

    def change(self, user_id: UUID, given: Mapping[str, Any], by: UUID) -> None:
        """Change the given parts of a member's grant (role, permissions, limits).

        Raises NotFound, GrantExceedsOwn or LastAdministrator.
        """
        before = self._member(user_id)
        after = Grant.model_validate({**before.model_dump(), **given})
        self.must_be_granted_by(by, before)
        self.must_be_granted_by(by, after)
        if after == before:
            return
        if not _is_administrator(after):
            self._must_keep_an_administrator_without(user_id)
        self._change(user_id, _stored(before), _stored(after))

    def remove(self, user_id: UUID, by: UUID) -> None:
        """Remove a member; members who remove themselves leave.

        Raises NotFound, GrantExceedsOwn or LastAdministrator.
        """
        held = self._member(user_id)
        if user_id != by:
            self.must_be_granted_by(by, held)
        self._must_keep_an_administrator_without(user_id)
        self._remove(user_id, _stored(held), "left" if user_id == by else "removed")

    def depends_on(self, user_id: UUID) -> bool:
        """Whether the other members would have no administrator without this one."""
        return (
            not self.deleted
            and len(self.members) > 1
            and _is_administrator(self.grant_of(user_id))
            and not self._has_administrator_beside(user_id)
        )

    def erase_member(self, user_id: UUID) -> None:
        """Remove a user who was erased, even the last administrator."""
        held = self.grant_of(user_id)
        if held is not None:
            self._remove(user_id, _stored(held), "erased")

    def _member(self, user_id: UUID) -> Grant:
        grant = self.grant_of(user_id)
        if grant is None:
            raise NotFound
        return grant

    def _must_keep_an_administrator_without(self, user_id: UUID) -> None:
        if _is_administrator(self.grant_of(user_id)) and not self._has_administrator_beside(user_id):
            raise LastAdministrator

    def _has_administrator_beside(self, user_id: UUID) -> bool:
        others = (Grant.model_validate(grant) for user, grant in self.members.items() if user != str(user_id))
        return any(map(_is_administrator, others))

    @event(OrgRenamed)
    def _rename(self, from_: str, to: str) -> None:
        self.name = to

    @event(OrgDeleted)
    def _delete(self, restorable_until: datetime) -> None:
        self.restorable_until = restorable_until

    @event(OrgRestored)
    def _restore(self) -> None:
        self.restorable_until = None

    @event(OrgPurged)
    def _purge(self) -> None:
        self.purged = True
        self.members = {}

    @event(MemberJoined)
    def _join(self, user_id: UUID, grant: dict[str, Any], invitation_id: UUID, invited_by: UUID) -> None:
        self.members[str(user_id)] = grant

    @event(MemberPermissionsChanged)
    def _change(self, user_id: UUID, from_: dict[str, Any], to: dict[str, Any]) -> None:
        self.members[str(user_id)] = to

    @event(MemberRemoved)
    def _remove(self, user_id: UUID, grant: dict[str, Any], how: str) -> None:
        self.members.pop(str(user_id))


def _stored(grant: Grant) -> dict[str, Any]:
    return grant.model_dump(mode="json")


def _is_administrator(grant: Grant | None) -> bool:
    """One with limits does not count: nobody could reach the other platforms any more."""
    return grant is not None and grant.role == Role.ADMINISTRATOR and grant.limits.platforms is None
