"""Events of the identity context: people, their sessions, and clients."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Code, Event, Message
from contracts.permissions import Limits


class UserRegistered(Event):
    """Somebody has an account now.

    `email` is the address as typed. `generation` and `expires_at` belong to the one-time password
    that is to be mailed; both are null for who came by an invitation and chose a password at once.
    """

    context: ClassVar[str] = "identity"
    user_id: UUID
    email: str | None
    name: str | None
    via: Literal["registration", "invitation"]
    generation: int | None = None
    expires_at: AwareDatetime | None = None


class UserRegistrationRepeated(Event):
    """Somebody registered an address that has an account; its owner is to be told.

    Where the first one-time password was never used, `generation` and `expires_at` belong to the new
    one that is to be mailed instead; else both are null.
    """

    context: ClassVar[str] = "identity"
    user_id: UUID
    generation: int | None = None
    expires_at: AwareDatetime | None = None


class UserEmailVerified(Event):
    """The person has shown that they read the address."""

    context: ClassVar[str] = "identity"
    user_id: UUID


class UserPasswordChanged(Event):
    """The password is another one: `how` is chosen (after a one-time password), changed, or reset."""

    context: ClassVar[str] = "identity"
    user_id: UUID
    how: Code


class UserPasswordResetRequested(Event):
    """Somebody asked for a link that sets a new password; claim it by user and generation."""

    context: ClassVar[str] = "identity"
    user_id: UUID
    generation: int
    expires_at: AwareDatetime


class UserSignedIn(Event):
    """A session has begun: `how` is password, one-time-password, and so on; `address` the peer's IP.

    `new_device` says that the owner is to be told of a device that they did not use before; `device` is what to
    call it ("Firefox on Linux"), null where it is not known. `address` and `device` are null once they are erased.
    """

    context: ClassVar[str] = "identity"
    user_id: UUID
    session_id: UUID
    how: Code
    address: str | None
    new_device: bool = False
    device: str | None = None


class UserSessionEnded(Event):
    """A session is over; its tokens are no longer to be believed."""

    context: ClassVar[str] = "identity"
    user_id: UUID
    session_id: UUID


class TokenRevoked(Event):
    """One access token is no longer to be believed; after `expires_at` it may be forgotten."""

    context: ClassVar[str] = "identity"
    jti: str
    expires_at: AwareDatetime


class UserLocked(Event):
    """After too many failures, signing in is refused until a time, at least where these came from."""

    context: ClassVar[str] = "identity"
    user_id: UUID
    lock_id: UUID
    locked_until: AwareDatetime


class UserUnlocked(Event):
    """Signing in is possible again."""

    context: ClassVar[str] = "identity"
    user_id: UUID
    lock_id: UUID


class UserRenamed(Event):
    """The person is called otherwise."""

    context: ClassVar[str] = "identity"
    user_id: UUID
    name: str | None


class UserErased(Event):
    """The person is to be forgotten: every service destroys what it knows of them."""

    context: ClassVar[str] = "identity"
    user_id: UUID


class ClientEvent(Event):
    """What every event of a client tells; `client` is its UUID, `client_id` the `thc_…` of its tokens."""

    context: ClassVar[str] = "identity"
    client: UUID
    client_id: str
    organization_id: UUID


class ClientRights(Message):
    """What a client may do in its organization."""

    scopes: tuple[str, ...]
    limits: Limits = Limits()


class ClientCreated(ClientEvent):
    """An organization has a new account for a program."""

    name: str
    scopes: tuple[str, ...]
    limits: Limits = Limits()
    created_by: UUID


class ClientRenamed(ClientEvent):
    """A client is called otherwise."""

    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: str


class ClientScopesChanged(ClientEvent):
    """A client may do more or less, or reaches other platforms."""

    from_: ClientRights = Field(validation_alias="from", serialization_alias="from")
    to: ClientRights


class ClientSecretIssued(ClientEvent):
    """A client has one more secret, called `name`; never the secret itself."""

    client_name: str
    secret_id: UUID
    name: str
    expires_at: AwareDatetime | None
    issued_by: UUID


class ClientSecretExpiring(ClientEvent):
    """A secret of a client stops working soon; `user_id` is to be told: who issued it, or an administrator
    where they have left."""

    client_name: str
    secret_id: UUID
    name: str
    expires_at: AwareDatetime
    user_id: UUID


class ClientSecretEnded(ClientEvent):
    """A secret of a client works no longer."""

    secret_id: UUID


class ClientRemoved(ClientEvent):
    """A client is gone; its tokens are no longer to be believed."""
