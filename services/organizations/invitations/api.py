"""Routes of invitations, for members and for the invited user."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel

from access.checks import MissingPermission, OrgPrincipal, PersonNeeded
from access.guard import Guard
from access.principal import Principal
from contracts.email import InvalidEmail
from contracts.permissions import Grant, Limits
from kit.errors import Invalid, NotFound
from kit.http.fields import Body, Email
from kit.http.idempotency import Idempotency, Keyed, KeyReused, RequestKey, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from kit.security.rate_limiter import FailureThrottle, Limit, RateLimited, RateLimiter
from organizations.grants import GivenLimits, GivenPermissions, GivenRole, granted
from organizations.invitations.domain import (
    AlreadyInvited,
    Invitation,
    InvitationClosed,
    InvitationContext,
    InvitationDeclined,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationReplaced,
    InvitationRevoked,
    InvitationUsed,
)
from organizations.invitations.service import Invitations, Offer
from organizations.invitations.views import Invited
from organizations.members.service import Member
from organizations.organizations.domain import AlreadyMember, GrantExceedsOwn, TooManyMembers
from organizations.paging import place
from organizations.people.service import EmailNotVerified, People

OF_AN_ORGANIZATION = Limit("invitations-of-an-organization", 500, timedelta(seconds=7.2))
RESENT = Limit("invitations-resent", 5, timedelta(minutes=12))
"""Of one invitation."""
UNKNOWN_LINKS = Limit("unknown-links", 100, timedelta(seconds=36))
"""Of a network address."""
_NOT_OPEN = (InvitationExpired, InvitationRevoked, InvitationDeclined, InvitationUsed, InvitationReplaced)


class NewInvitation(Body):
    """`role` may be null; `permissions` are additions to what it holds."""

    email: Email
    role: GivenRole
    permissions: GivenPermissions = ()
    limits: GivenLimits = Limits()


class InvitationAnswer(BaseModel):
    """`status` is pending, accepted, declined, revoked or expired; `permissions` is the effective set."""

    id: UUID
    email: str | None
    role: str | None
    permissions: list[str]
    limits: Limits
    status: str
    expires_at: AwareDatetime

    @classmethod
    def of(cls, row: Invited | Invitation) -> "InvitationAnswer":
        return cls(id=row.id, email=row.email, status=row.status, expires_at=row.expires_at, **granted(row.grant))


class OfferAnswer(BaseModel):
    """What a link shows: names of the organization and of who invited, their address if they have no name."""

    organization: str
    invited_by: str | None
    email: str | None
    status: str
    expires_at: AwareDatetime

    @classmethod
    def of(cls, offer: Offer) -> "OfferAnswer":
        return cls(
            organization=offer.organization_name,
            invited_by=offer.invited_by,
            email=offer.invitation.email,
            status=offer.invitation.status,
            expires_at=offer.invitation.expires_at,
        )


class MembershipAnswer(BaseModel):
    """The membership that an accepted invitation gave."""

    organization_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    role: str | None
    permissions: list[str]
    limits: Limits
    joined_at: AwareDatetime

    @classmethod
    def of(cls, member: Member) -> "MembershipAnswer":
        return cls(
            organization_id=member.organization_id,
            user_id=member.user_id,
            email=member.email,
            name=member.name,
            joined_at=member.joined_at,
            **granted(member.grant),
        )


class Invite(Protocol):
    """What the route and its direct endpoint do; see `Invitations.invite`."""

    def __call__(
        self, acting: OrgPrincipal, body: NewInvitation, key: RequestKey, known: InvitationContext | None = None
    ) -> JSONResponse: ...


_PATH = "/api/v1/organizations/{org}/invitations"


def inviting(invitations: Invitations, idempotency: Idempotency, limiter: RateLimiter) -> Invite:
    def invite(
        acting: OrgPrincipal, body: NewInvitation, key: RequestKey, known: InvitationContext | None = None
    ) -> JSONResponse:
        org = acting.organization_id
        grant = Grant(role=body.role, permissions=body.permissions, limits=body.limits)

        with limiter.hit_with_commit(OF_AN_ORGANIZATION, str(org)) as count:

            def work() -> JSONResponse:
                try:
                    invitation = invitations.invite(org, body.email.strip(" "), grant, _by(acting), known)
                except InvalidEmail as error:
                    raise Invalid("email", str(error)) from error
                count()
                return created(InvitationAnswer.of(invitation), f"{_PATH.format(org=org)}/{invitation.id}")

            return idempotency.once(key, acting.principal.id, work)

    return invite


def routes(invitations: Invitations, guard: Guard, limiter: RateLimiter, invite: Invite) -> APIRouter:
    """Listing takes members:read, the rest members:write; a limited or lesser member grants no more than theirs."""
    router = APIRouter(prefix=_PATH, tags=["invitations"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require("members:read"))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require("members:write", fresh=True))]

    @router.get("", operation_id="list_invitations", responses=refusals(NotFound, MissingPermission))
    def list_invitations(acting: Reader, paging: Paged) -> Page[InvitationAnswer]:
        """Of every status, newest first."""
        rows = invitations.views.of_organization(
            acting.organization_id, place(paging), paging.limit, invitations.clock()
        )
        return paging.page(rows, InvitationAnswer.of, lambda row: (row.invited_at.isoformat(), str(row.id)))

    @router.post(
        "",
        operation_id="create_invitation",
        status_code=201,
        response_model=InvitationAnswer,
        responses=refusals(
            NotFound, MissingPermission, GrantExceedsOwn, AlreadyMember, AlreadyInvited, KeyReused, RateLimited
        ),
    )
    def create_invitation(acting: Writer, body: NewInvitation, key: Keyed) -> JSONResponse:
        """A link is mailed to the address; it works for seven days."""
        return invite(acting, body, key)

    @router.post(
        "/{id}/resend",
        operation_id="resend_invitation",
        responses=refusals(
            NotFound,
            MissingPermission,
            GrantExceedsOwn,
            AlreadyMember,
            AlreadyInvited,
            InvitationClosed,
            RateLimited,
        ),
    )
    def resend_invitation(acting: Writer, id: UUID) -> InvitationAnswer:
        """A new link is mailed, and the one before no longer works."""
        limiter.hit(RESENT, f"{acting.organization_id} {id}")
        invitations.resend(acting.organization_id, id, _by(acting))
        return InvitationAnswer.of(invitations.find(id))

    @router.delete(
        "/{id}",
        operation_id="revoke_invitation",
        status_code=204,
        responses=refusals(NotFound, MissingPermission, InvitationClosed),
    )
    def revoke_invitation(acting: Writer, id: UUID) -> None:
        """Its link no longer works."""
        invitations.revoke(acting.organization_id, id)

    return router


def link_routes(
    invitations: Invitations,
    people: People,
    guard: Guard,
    unknown_links: FailureThrottle,
    address_of: Callable[[Request], str],
) -> APIRouter:
    """What the holder of a link may do; answering takes the sign-in of the invited address. Links that were never
    made count against the network address they are tried from."""
    router = APIRouter(prefix="/api/v1/invitations/{token}", tags=["invitations"])
    User = Annotated[Principal, Depends(guard.person)]

    @router.get("", operation_id="get_invitation", responses=refusals(NotFound, InvitationReplaced, RateLimited))
    def get_invitation(request: Request, token: str) -> OfferAnswer:
        """What the holder of a link is offered."""
        unknown_links.check(address_of(request))
        try:
            return OfferAnswer.of(invitations.offer(token))
        except NotFound:
            unknown_links.note(address_of(request))
            raise

    @router.post(
        "/accept",
        operation_id="accept_invitation",
        responses=refusals(
            NotFound, PersonNeeded, EmailNotVerified, InvitationForAnotherAddress, TooManyMembers, *_NOT_OPEN
        ),
    )
    def accept_invitation(principal: User, token: str) -> MembershipAnswer:
        """By the invited person, whose address must be verified. Repeated, it gives the same answer."""
        user_id, email = _answering(principal, token)
        return MembershipAnswer.of(invitations.accept(token, user_id, email).member)

    @router.post(
        "/decline",
        operation_id="decline_invitation",
        status_code=204,
        responses=refusals(NotFound, PersonNeeded, EmailNotVerified, InvitationForAnotherAddress, *_NOT_OPEN),
    )
    def decline_invitation(principal: User, token: str) -> None:
        """By the invited person, whose address must be verified."""
        _, email = _answering(principal, token)
        invitations.decline(token, email)

    def _answering(principal: Principal, token: str) -> tuple[UUID, str]:
        """Who answers, by their verified address; identity is asked only about a link that is ours."""
        assert principal.user_id is not None
        invitations.offer(token)
        return principal.user_id, people.verified_email(principal.user_id)

    return router


def _by(acting: OrgPrincipal) -> UUID:
    assert acting.principal.user_id is not None, "no scope of a client is members:write"
    return acting.principal.user_id
