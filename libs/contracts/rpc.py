"""Requests and replies between services: one table of subjects, models, owners and callers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field, PlainSerializer, SecretStr, model_validator

from contracts.event import Code, Message
from contracts.fields import (
    Email,
    ErasableEmail,
    ErasableName,
    InvitationId,
    LinkGeneration,
    OrganizationId,
    OrganizationName,
    Scopes,
    UserId,
)
from contracts.permissions import Grant, Limits

WireSecret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, when_used="json")]
"""A secret that is readable in JSON only, where it must be sent."""

ClientId = Annotated[str, Field(description="The `thc_…` that the client authenticates with.")]
Q = TypeVar("Q", bound=Message)
A = TypeVar("A")


class Reply(Message, Generic[A]):
    """The result, or the code of a refusal. Both are null if the requested object does not exist."""

    ok: A | None = Field(default=None, description="The result; null if it was refused, or does not exist.")
    refused: Code | None = Field(default=None, description="Code of the refusal; null if there is none.")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.ok is not None and self.refused is not None:
            raise ValueError("a reply holds ok or refused, not both")
        return self


class JwksRequest(Message):
    """Get the public keys that verify access tokens."""


class Jwks(Message):
    """A JSON Web Key set (RFC 7517)."""

    keys: tuple[dict[str, Any], ...] = Field(description="The keys as JWK, the public parts only.")


class ClientRequest(Message):
    """Get a client by the `client_id` of its tokens."""

    client_id: ClientId


class Client(Message):
    """An existing client with its scopes and limits."""

    id: UUID = Field(description="The client's id in the HTTP API.")
    client_id: ClientId
    organization_id: OrganizationId
    scopes: Scopes
    limits: Limits = Field(default=Limits(), description="Platforms that the scopes apply to.")


class MailSecretRequest(Message):
    """Get the secret of a mail that is due. Refused once the secret was used or replaced, or has expired.

    The code is `used` if the user has signed in since, with it or otherwise; otherwise `not-due`.
    """

    purpose: Literal["one-time-password", "password-reset"] = Field(description="The kind of secret.")
    user_id: UserId
    generation: int = Field(description="Number of the secret; only the newest one is valid.")


class MailSecret(Message):
    """A one-time password or the token of a reset link, and its recipient's address."""

    value: WireSecret = Field(description="The one-time password, or the token of the link.")
    email: Email


class UserRequest(Message):
    """Get the address and name of a user."""

    user_id: UserId


class User(Message):
    """A user's address and name, null once erased; `verified` if they proved that they receive mail there."""

    email: ErasableEmail
    name: ErasableName
    verified: bool = Field(description="Whether they proved that they receive mail at the address.")


class OperatorRequest(Message):
    """Ask whether a user is an operator."""

    user_id: UserId


class Operator(Message):
    """Whether an existing user is an operator."""

    operator: bool = Field(description="Whether the user is an operator of the installation.")


class MembershipRequest(Message):
    """Get a user's grant in an organization."""

    organization_id: OrganizationId
    user_id: UserId


class Membership(Grant):
    """A user's grant in an existing organization."""

    organization_id: OrganizationId
    user_id: UserId


class SoleAdministratorRequest(Message):
    """List the organizations that would have no administrator without this user."""

    user_id: UserId


class NamedOrganization(Message):
    """An organization and its name."""

    organization_id: OrganizationId
    name: str = Field(description="Name of the organization.")


class SoleAdministrator(Message):
    """The organizations in which the user is the only administrator, and not the only member."""

    organizations: tuple[NamedOrganization, ...] = Field(description="The organizations, empty if there are none.")


class InvitationRequest(Message):
    """Get an invitation by the token of its link."""

    token: WireSecret = Field(description="Token of the invitation's link.")


class Invitation(Message):
    """An invitation as its link shows it; `invited_by` is the inviter's name, or their address if they have none."""

    invitation_id: InvitationId
    organization_id: OrganizationId
    organization_name: OrganizationName
    email: ErasableEmail
    status: Code = Field(description="`pending`, `accepted`, `declined`, `revoked` or `expired`.")
    invited_by: str | None = Field(description="Name or address of the inviter; null if unknown or erased.")
    expires_at: AwareDatetime | None = Field(description="When the link expires.")


class AcceptInvitationRequest(Message):
    """Accept an invitation as a user with this verified address."""

    token: WireSecret = Field(description="Token of the invitation's link.")
    user_id: UserId
    email: Email


class AcceptedInvitation(Message):
    """The new membership; `outcome` is `joined`, or `already-member` for a repeated request."""

    outcome: Code = Field(description="`joined`, or `already-member` for a repeated request.")
    membership: Membership = Field(description="The user's grant in the organization.")


class InvitationLinkRequest(Message):
    """Get the link for an invitation's mail. Refused once it was replaced or answered, or has expired."""

    invitation_id: InvitationId
    generation: LinkGeneration


class InvitationLink(Message):
    """The token of an invitation's link, and its recipient's address."""

    token: WireSecret = Field(description="Token of the invitation's link.")
    email: Email


@dataclass(frozen=True)
class Rpc(Generic[Q, A]):
    """One kind of request: its subject, its models, the service that answers, and those that may ask."""

    subject: str
    request: type[Q]
    reply: type[Reply[A]]
    owner: str
    askers: tuple[str, ...]


JWKS = Rpc("rpc.identity.jwks", JwksRequest, Reply[Jwks], "identity", ("organizations", "platforms", "notifications"))
CLIENT = Rpc("rpc.identity.client", ClientRequest, Reply[Client], "identity", ("organizations", "platforms"))
MAIL_SECRET = Rpc("rpc.identity.mail-secret", MailSecretRequest, Reply[MailSecret], "identity", ("notifications",))
USER = Rpc("rpc.identity.person", UserRequest, Reply[User], "identity", ("organizations",))
OPERATOR = Rpc(
    "rpc.identity.operator",
    OperatorRequest,
    Reply[Operator],
    "identity",
    ("organizations", "platforms", "notifications"),
)
MEMBERSHIP = Rpc(
    "rpc.organizations.membership",
    MembershipRequest,
    Reply[Membership],
    "organizations",
    ("identity", "platforms"),
)
SOLE_ADMINISTRATOR = Rpc(
    "rpc.organizations.sole-administrator",
    SoleAdministratorRequest,
    Reply[SoleAdministrator],
    "organizations",
    ("identity",),
)
INVITATION = Rpc("rpc.organizations.invitation", InvitationRequest, Reply[Invitation], "organizations", ("identity",))
ACCEPT_INVITATION = Rpc(
    "rpc.organizations.accept-invitation",
    AcceptInvitationRequest,
    Reply[AcceptedInvitation],
    "organizations",
    ("identity",),
)
INVITATION_LINK = Rpc(
    "rpc.organizations.invitation-link",
    InvitationLinkRequest,
    Reply[InvitationLink],
    "organizations",
    ("notifications",),
)

RPC: Mapping[str, Rpc[Any, Any]] = MappingProxyType(
    {
        each.subject: each
        for each in (
            JWKS,
            CLIENT,
            MAIL_SECRET,
            USER,
            OPERATOR,
            MEMBERSHIP,
            SOLE_ADMINISTRATOR,
            INVITATION,
            ACCEPT_INVITATION,
            INVITATION_LINK,
        )
    }
)
