"""What each mail says, field by field: a template is given these and nothing else."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, repr=False)
class Content:
    """What every mail has: `address` is the recipient's, `public_url` ours. No repr: it may hold a secret."""

    template: ClassVar[str]
    address: str
    public_url: str


@dataclass(frozen=True, repr=False)
class Registration(Content):
    """The one-time password of a new account."""

    template = "registration"
    password: str
    expires_at: datetime
    sign_in_url: str


@dataclass(frozen=True, repr=False)
class RegistrationKnown(Content):
    """Somebody registered an address that has an account."""

    template = "registration-known"
    sign_in_url: str
    forgot_url: str


@dataclass(frozen=True, repr=False)
class PasswordReset(Content):
    """The link that sets a new password."""

    template = "password-reset"
    reset_url: str
    expires_at: datetime


@dataclass(frozen=True, repr=False)
class PasswordChanged(Content):
    """The password is another one."""

    template = "password-changed"
    changed_at: datetime
    forgot_url: str


@dataclass(frozen=True, repr=False)
class NewDevice(Content):
    """Somebody signed in on a device that was not used before."""

    template = "new-device"
    signed_in_at: datetime
    device: str
    network_address: str
    forgot_url: str


@dataclass(frozen=True, repr=False)
class Invitation(Content):
    """The offer of a membership, with its link."""

    template = "invitation"
    organization: str
    invited_by: str
    invitation_url: str
    expires_at: datetime


@dataclass(frozen=True, repr=False)
class Joined(Content):
    """To a new member."""

    template = "joined"
    organization: str
    sign_in_url: str


@dataclass(frozen=True, repr=False)
class MemberJoined(Content):
    """To who invited the new member."""

    template = "member-joined"
    organization: str
    member: str


@dataclass(frozen=True, repr=False)
class Removed(Content):
    """To who was removed."""

    template = "removed"
    organization: str
    removed_at: datetime


@dataclass(frozen=True, repr=False)
class ClientCreated(Content):
    """To who created a client."""

    template = "client-created"
    organization: str
    client_name: str
    client_id: str
    created_at: datetime


@dataclass(frozen=True, repr=False)
class SecretIssued(Content):
    """To who issued a secret; `expires_at` is null where it lasts until it is ended."""

    template = "secret-issued"
    organization: str
    client_name: str
    client_id: str
    secret_name: str
    issued_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, repr=False)
class SecretExpiring(Content):
    """To who issued a secret that stops working soon, or to an administrator where they have left."""

    template = "secret-expiring"
    organization: str
    client_name: str
    client_id: str
    secret_name: str
    expires_at: datetime
