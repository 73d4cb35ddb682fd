"""Routes of invitations, for members and for the invited user."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from access.checks import MissingPermission, OrgPrincipal, UserRequired
from access.guard import Guard
from access.principal import Principal
from contracts.email import InvalidEmail
from contracts.permissions import Grant, Permission
from kit.db.reads import Reads
from kit.errors import Invalid, NotFound
from kit.http.idempotency import Idempotency, Keyed, KeyReused, RequestKey, created
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from kit.security.rate_limiter import FailureThrottle, Limit, RateLimited, RateLimiter
from organizations.invitations.api_models import InvitationAnswer, InvitationCreation, MembershipAnswer, OfferAnswer
from organizations.invitations.domain import (
    AlreadyInvited,
    InvitationClosed,
    InvitationContext,
    InvitationDeclined,
    InvitationExpired,
    InvitationForAnotherAddress,
    InvitationReplaced,
    InvitationRevoked,
    InvitationUsed,
)
from organizations.invitations.service import Invitations
from organizations.invitations.views import context_seen_by
from organizations.organizations.domain import AlreadyMember, GrantExceedsOwn, TooManyMembers
from organizations.users.service import EmailNotVerified, Users

OF_AN_ORGANIZATION = Limit("invitations-of-an-organization", 500, timedelta(seconds=7.2))
RESENT = Limit("invitations-resent", 5, timedelta(minutes=12))
"""Of one invitation."""
UNKNOWN_LINKS = Limit("unknown-links", 100, timedelta(seconds=36))
"""Of a network address."""
_NOT_OPEN = (InvitationExpired, InvitationRevoked, InvitationDeclined, InvitationUsed, InvitationReplaced)


Invite = Callable[[Principal, InvitationCreation, RequestKey, UUID], Awaitable[Response]]


_PATH = "/api/v1/organizations/{org}/invitations"


def inviting(
    invitations: Invitations, reads: Reads, guard: Guard, idempotency: Idempotency, limiter: RateLimiter
) -> Invite:
    """How an address is invited, whichever way the request was read."""

    def invited(
        acting: OrgPrincipal, body: InvitationCreation, key: RequestKey, context: InvitationContext
    ) -> JSONResponse:
        org = acting.organization_id
        grant = Grant(role=body.role, permissions=body.permissions, limits=body.limits)

        with limiter.hit_with_commit(OF_AN_ORGANIZATION, str(org)) as count:

            def work() -> JSONResponse:
                try:
                    invitation = invitations.invite(org, body.email.strip(" "), grant, _by(acting), context)
                except InvalidEmail as error:
                    raise Invalid("email", str(error)) from error
                count()
                return created(InvitationAnswer.of(invitation), f"{_PATH.format(org=org)}/{invitation.id}")

            return idempotency.once(key, acting.principal.id, work)

    async def invite(principal: Principal, body: InvitationCreation, key: RequestKey, org: UUID) -> Response:
        try:
            email_hash = invitations.hash_of(body.email)
        except InvalidEmail:  # refused after the permission is checked
            email_hash = None

        async def read() -> tuple[Grant | None, InvitationContext | None]:
            context = await context_seen_by(reads, principal, org, email_hash)
            return None if context is None else context.held, context

        acting, context = await guard.acting_on(principal, org, Permission.MEMBERS_WRITE, read, fresh=True)
        if context is None:
            raise NotFound
        return await run_in_threadpool(invited, acting, body, key, context)

    return invite


def routes(invitations: Invitations, guard: Guard, limiter: RateLimiter, invite: Invite) -> APIRouter:
    """Listing requires members:read, everything else members:write. Members only grant permissions that they have."""
    router = APIRouter(prefix=_PATH, tags=["invitations"])
    Reader = Annotated[OrgPrincipal, Depends(guard.require(Permission.MEMBERS_READ))]
    Writer = Annotated[OrgPrincipal, Depends(guard.require(Permission.MEMBERS_WRITE, fresh=True))]

    @router.get(
        "",
        operation_id="list_invitations",
        summary="List the invitations of an organization",
        responses=refusals(NotFound, MissingPermission),
    )
    def list_invitations(acting: Reader, paging: Paged) -> Page[InvitationAnswer]:
        """Returns invitations of every status, newest first. Requires members:read."""
        rows = invitations.views.of_organization(
            acting.organization_id, paging.after_key(datetime, UUID), paging.limit, invitations.clock()
        )
        return paging.page(rows, InvitationAnswer.of, lambda row: (row.invited_at.isoformat(), str(row.id)))

    @router.post(
        "",
        operation_id="create_invitation",
        summary="Invite a user to an organization",
        status_code=201,
        response_model=InvitationAnswer,
        responses=refusals(
            NotFound, MissingPermission, GrantExceedsOwn, AlreadyMember, AlreadyInvited, KeyReused, RateLimited
        ),
    )
    async def create_invitation(acting: Writer, body: InvitationCreation, key: Keyed) -> Response:
        """Sends a link to the email address. It is valid for seven days. You can only grant permissions that you have.
        Requires members:write."""
        return await invite(acting.principal, body, key, acting.organization_id)

    @router.post(
        "/{id}/resend",
        operation_id="resend_invitation",
        summary="Resend an invitation",
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
        """Sends a new link, valid for seven days, and revokes the previous one. Requires members:write."""
        limiter.hit(RESENT, f"{acting.organization_id} {id}")
        invitations.resend(acting.organization_id, id, _by(acting))
        return InvitationAnswer.of(invitations.find(id))

    @router.delete(
        "/{id}",
        operation_id="revoke_invitation",
        summary="Revoke an invitation",
        status_code=204,
        responses=refusals(NotFound, MissingPermission, InvitationClosed),
    )
    def revoke_invitation(acting: Writer, id: UUID) -> None:
        """Revokes the link of a pending invitation. Requires members:write."""
        invitations.revoke(acting.organization_id, id)

    return router


def link_routes(
    invitations: Invitations,
    users: Users,
    guard: Guard,
    unknown_links: FailureThrottle,
    address_of: Callable[[Request], str],
) -> APIRouter:
    """For the holder of a link. Accepting and declining require the user with the invited address. Requests with
    unknown links are counted by network address."""
    router = APIRouter(prefix="/api/v1/invitations/{token}", tags=["invitations"])
    User = Annotated[Principal, Depends(guard.user)]

    @router.get(
        "",
        operation_id="get_invitation",
        summary="Get the invitation of a link",
        responses=refusals(NotFound, InvitationReplaced, RateLimited),
    )
    def get_invitation(request: Request, token: str) -> OfferAnswer:
        """Returns what the link offers. No sign-in is needed."""
        unknown_links.check(address_of(request))
        try:
            return OfferAnswer.of(invitations.offer(token))
        except NotFound:
            unknown_links.note(address_of(request))
            raise

    @router.post(
        "/accept",
        operation_id="accept_invitation",
        summary="Accept an invitation",
        responses=refusals(
            NotFound, UserRequired, EmailNotVerified, InvitationForAnotherAddress, TooManyMembers, *_NOT_OPEN
        ),
    )
    def accept_invitation(principal: User, token: str) -> MembershipAnswer:
        """Adds the signed-in user to the organization. The invitation must be for the user's verified email address. A
        repeated request returns the same answer."""
        user_id, email = _answering(principal, token)
        return MembershipAnswer.of(invitations.accept(token, user_id, email).member)

    @router.post(
        "/decline",
        operation_id="decline_invitation",
        summary="Decline an invitation",
        status_code=204,
        responses=refusals(NotFound, UserRequired, EmailNotVerified, InvitationForAnotherAddress, *_NOT_OPEN),
    )
    def decline_invitation(principal: User, token: str) -> None:
        """Declines the invitation. It must be for the user's verified email address."""
        _, email = _answering(principal, token)
        invitations.decline(token, email)

    def _answering(principal: Principal, token: str) -> tuple[UUID, str]:
        """Who answers, by their verified address; identity is asked only about a link that is ours."""
        assert principal.user_id is not None
        invitations.offer(token)
        return principal.user_id, users.verified_email(principal.user_id)

    return router


def _by(acting: OrgPrincipal) -> UUID:
    assert acting.principal.user_id is not None, "no scope of a client is members:write"
    return acting.principal.user_id
