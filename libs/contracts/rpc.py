"""Requests and replies between services: one table of subjects, models, owners and who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, PlainSerializer, SecretStr, model_validator

from contracts.event import Code, Message
from contracts.permissions import Grant, Limits

WireSecret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, when_used="json")]
"""A secret that shows itself in JSON, where it must travel, and nowhere else."""

Q = TypeVar("Q", bound=Message)
A = TypeVar("A")


class Reply(Message, Generic[A]):
    """What is asked for, or the code of a refusal; both null where there is no such thing."""

    ok: A | None = None
    refused: Code | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.ok is not None and self.refused is not None:
            raise ValueError("a reply holds ok or refused, not both")
        return self


class JwksRequest(Message):
    """The public keys of today's tokens."""


class Jwks(Message):
    """A JSON Web Key set (RFC 7517)."""

    keys: tuple[dict[str, Any], ...]


class ClientRequest(Message):
    """What a client may do, by the `client_id` of its tokens."""

    client_id: str


class Client(Message):
    """A client that exists now."""

    id: UUID
    client_id: str
    organization_id: UUID
    scopes: tuple[str, ...]
    limits: Limits = Limits()


class MailSecretRequest(Message):
    """What a mail that is due must hold; refused once it was used, replaced or is over.

    The code is `used` where the person has got in since, by it or otherwise, else `not-due`.
    """

    purpose: Literal["one-time-password", "password-reset"]
    user_id: UUID
    generation: int


class MailSecret(Message):
    """A one-time password or the token of a reset link, and the address it is for."""

    value: WireSecret
    email: str


class PersonRequest(Message):
    """Who a user is."""

    user_id: UUID


class Person(Message):
    """A user's address and name, null once erased; `verified` if they have shown they read it."""

    email: str | None
    name: str | None
    verified: bool


class OperatorRequest(Message):
    """Whether a user runs this installation."""

    user_id: UUID


class Operator(Message):
    """A user that exists now, and whether they are an operator."""

    operator: bool


class MembershipRequest(Message):
    """What a user may do in an organization."""

    organization_id: UUID
    user_id: UUID


class Membership(Grant):
    """What a user may do in an organization that exists now."""

    organization_id: UUID
    user_id: UUID


class SoleAdministratorRequest(Message):
    """Which organizations would be left without an administrator if this user were gone."""

    user_id: UUID


class NamedOrganization(Message):
    """An organization and what it is called."""

    organization_id: UUID
    name: str


class SoleAdministrator(Message):
    """The organizations in which the user is the only administrator, and not the only member."""

    organizations: tuple[NamedOrganization, ...]


class InvitationRequest(Message):
    """The invitation that a link's token opens."""

    token: WireSecret


class Invitation(Message):
    """What a link shows; `invited_by` is a name, or the address of who has none."""

    invitation_id: UUID
    organization_id: UUID
    organization_name: str
    email: str | None
    status: Code
    invited_by: str | None
    expires_at: AwareDatetime | None


class AcceptInvitationRequest(Message):
    """A user with this verified address takes the invitation."""

    token: WireSecret
    user_id: UUID
    email: str


class AcceptedInvitation(Message):
    """`outcome` is joined, or already-member when repeated."""

    outcome: Code
    membership: Membership


class InvitationLinkRequest(Message):
    """The link that an invitation's mail must hold; refused once it was replaced, answered or is over."""

    invitation_id: UUID
    generation: int


class InvitationLink(Message):
    """The token of an invitation's link and the address it is for."""

    token: WireSecret
    email: str


@dataclass(frozen=True)
class Rpc(Generic[Q, A]):
    """One question: its subject, its models, who answers, and who may ask."""

    subject: str
    request: type[Q]
    reply: type[Reply[A]]
    owner: str
    askers: tuple[str, ...]


JWKS = Rpc("rpc.identity.jwks", JwksRequest, Reply[Jwks], "identity", ("organizations", "platforms", "notifications"))
CLIENT = Rpc("rpc.identity.client", ClientRequest, Reply[Client], "identity", ("organizations", "platforms"))
MAIL_SECRET = Rpc("rpc.identity.mail-secret", MailSecretRequest, Reply[MailSecret], "identity", ("notifications",))
PERSON = Rpc("rpc.identity.person", PersonRequest, Reply[Person], "identity", ("organizations",))
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
            PERSON,
            OPERATOR,
            MEMBERSHIP,
            SOLE_ADMINISTRATOR,
            INVITATION,
            ACCEPT_INVITATION,
            INVITATION_LINK,
        )
    }
)
