"""Events of the identity context: users, their sessions, and clients."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Code, Event, Message
from contracts.fields import ErasableEmail, ErasableName, OrganizationId, Scopes, SecretId, SessionId, UserId
from contracts.permissions import Limits

_GENERATION = "Number of the one-time password in the mail; null if the mail contains none."
_EXPIRY = "When that one-time password expires."


class UserRegistered(Event):
    """A user registered.

    A registration sends a one-time password by mail. A user who accepts an invitation chooses a password at once.
    """

    context: ClassVar[str] = "identity"
    user_id: UserId
    email: ErasableEmail
    name: ErasableName
    via: Literal["registration", "invitation"] = Field(description="How the user registered.")
    generation: int | None = Field(default=None, description=_GENERATION)
    expires_at: AwareDatetime | None = Field(default=None, description=_EXPIRY)


class UserRegistrationRepeated(Event):
    """The address of an existing account was registered again. Notifications informs its owner by mail.

    If the first one-time password was never used, the mail contains a new one.
    """

    context: ClassVar[str] = "identity"
    user_id: UserId
    generation: int | None = Field(default=None, description=_GENERATION)
    expires_at: AwareDatetime | None = Field(default=None, description=_EXPIRY)


class UserEmailVerified(Event):
    """A user has proved that they receive mail at their address."""

    context: ClassVar[str] = "identity"
    user_id: UserId


class UserPasswordChanged(Event):
    """A user's password changed."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    how: Code = Field(description="`chosen` (after a one-time password), `changed` or `reset`.")


class UserPasswordResetRequested(Event):
    """A link to reset a password was requested. Notifications requests it by user and generation."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    generation: int = Field(description="Number of the link; only the newest one is valid.")
    expires_at: AwareDatetime = Field(description="When the link expires.")


class UserSignedIn(Event):
    """A user signed in, and a session began."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    session_id: SessionId
    how: Code = Field(description="`password`, `one-time-password`, `invitation`, or another way.")
    address: str | None = Field(description="The browser's IP address; null once erased.")
    new_device: bool = Field(
        default=False, description="Whether the user must be notified of a device that they did not use before."
    )
    device: str | None = Field(
        default=None, description="Browser and system, such as `Firefox on Linux`; null if unknown or erased."
    )


class UserSessionEnded(Event):
    """A session ended. Refuse its tokens."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    session_id: SessionId


class TokenRevoked(Event):
    """An access token was revoked. Refuse it."""

    context: ClassVar[str] = "identity"
    jti: str = Field(description="The token's claim `jti`.")
    expires_at: AwareDatetime = Field(description="When the token expires; after that, this event can be forgotten.")


class UserLocked(Event):
    """Sign-in is refused after too many failures, at least at the network addresses where these came from."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    lock_id: UUID = Field(description="The same in the UserUnlocked that ends this lock.")
    locked_until: AwareDatetime = Field(description="When the lock ends by itself.")


class UserUnlocked(Event):
    """A lock ended early, by a password reset or an operator."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    lock_id: UUID = Field(description="The lock of the UserLocked that it ends.")


class UserRenamed(Event):
    """A user changed their name."""

    context: ClassVar[str] = "identity"
    user_id: UserId
    name: ErasableName


class UserErased(Event):
    """A user was erased. Delete all personal data of this user."""

    context: ClassVar[str] = "identity"
    user_id: UserId


class ClientEvent(Event):
    """Fields of every event of a client."""

    context: ClassVar[str] = "identity"
    client: UUID = Field(description="The client's id in the HTTP API.")
    client_id: str = Field(description="The `thc_…` that the client authenticates with, as in its tokens.")
    organization_id: OrganizationId


class ClientGrant(Message):
    """Scopes and limits of a client in its organization."""

    scopes: Scopes
    limits: Limits = Field(default=Limits(), description="Platforms that the scopes apply to.")


class ClientCreated(ClientEvent):
    """A client, an account for a program, was created in an organization."""

    name: str = Field(description="Name of the client.")
    scopes: Scopes
    limits: Limits = Field(default=Limits(), description="Platforms that the scopes apply to.")
    created_by: UUID = Field(description="Id of the user who created the client.")


class ClientRenamed(ClientEvent):
    """A client was renamed."""

    from_: str = Field(validation_alias="from", serialization_alias="from", description="The name before.")
    to: str = Field(description="The name after.")


class ClientScopesChanged(ClientEvent):
    """A client's scopes or limits changed."""

    from_: ClientGrant = Field(
        validation_alias="from", serialization_alias="from", description="Scopes and limits before."
    )
    to: ClientGrant = Field(description="Scopes and limits after.")


class ClientSecretIssued(ClientEvent):
    """A secret was issued for a client. The event does not contain the secret."""

    client_name: str = Field(description="Name of the client at that time.")
    secret_id: SecretId
    name: str = Field(description="Name of the secret.")
    expires_at: AwareDatetime | None = Field(description="When the secret expires; null for never.")
    issued_by: UUID = Field(description="Id of the user who issued the secret.")


class ClientSecretExpiring(ClientEvent):
    """A secret of a client expires within 14 days. Notifications informs `user_id` by mail."""

    client_name: str = Field(description="Name of the client at that time.")
    secret_id: SecretId
    name: str = Field(description="Name of the secret.")
    expires_at: AwareDatetime = Field(description="When the secret expires.")
    user_id: UUID = Field(description="The user who issued the secret, or an administrator if they have left.")


class ClientSecretEnded(ClientEvent):
    """A secret of a client was revoked. It is no longer accepted."""

    secret_id: SecretId


class ClientRemoved(ClientEvent):
    """A client was removed. Refuse its tokens."""
