"""What organizations and invitations are, and what they refuse."""

from organizations.domain.invitation import (
    AlreadyInvited,
    Invitation,
    InvitationClosed,
    InvitationDeclined,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationReplaced,
    InvitationRevoked,
    InvitationUsed,
    Met,
)
from organizations.domain.organization import (
    ADMINISTRATOR,
    MOST_MEMBERS,
    RESTORABLE,
    AlreadyMember,
    GrantExceedsOwn,
    LastAdministrator,
    Organization,
    TooManyMembers,
    first_organization_id,
)

__all__ = [
    "ADMINISTRATOR",
    "MOST_MEMBERS",
    "RESTORABLE",
    "AlreadyInvited",
    "AlreadyMember",
    "GrantExceedsOwn",
    "Invitation",
    "InvitationClosed",
    "InvitationDeclined",
    "InvitationExpired",
    "InvitationForAnotherAddress",
    "InvitationReplaced",
    "InvitationRevoked",
    "InvitationUsed",
    "LastAdministrator",
    "Met",
    "Organization",
    "TooManyMembers",
    "first_organization_id",
]
