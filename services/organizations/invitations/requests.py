"""Requests on the bus about invitations."""

from collections.abc import Callable
from typing import TypeVar

from contracts import rpc
from contracts.email import InvalidEmail
from contracts.event import Message
from kit.context import acting
from kit.errors import Refusal
from kit.messaging.bus import Bus
from organizations.grants import stored_grant
from organizations.invitations.service import Invitations
from organizations.users.service import Users

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


def answer_requests(bus: Bus, invitations: Invitations, users: Users) -> None:
    """Declare the requests that this slice answers."""

    def invitation(asked: rpc.InvitationRequest) -> rpc.Invitation:
        offer = invitations.offer(asked.token.get_secret_value())
        return rpc.Invitation(
            invitation_id=offer.invitation.id,
            organization_id=offer.invitation.organization_id,
            organization_name=offer.organization_name,
            email=offer.invitation.email,
            status=offer.invitation.status,
            invited_by=offer.invited_by,
            expires_at=offer.invitation.expires_at,
        )

    def accept(asked: rpc.AcceptInvitationRequest) -> rpc.AcceptedInvitation:
        # Identity has verified the address; its events about a new user may still be on their way.
        with acting(actor=str(asked.user_id)):
            accepted = invitations.accept(asked.token.get_secret_value(), asked.user_id, asked.email)
        users.learn(asked.user_id, asked.email, None, verified=True)
        member = accepted.member
        membership = rpc.Membership(
            organization_id=member.organization_id, user_id=member.user_id, **dict(stored_grant(member.granted))
        )
        return rpc.AcceptedInvitation(outcome=accepted.outcome, membership=membership)

    def link(asked: rpc.InvitationLinkRequest) -> rpc.InvitationLink:
        token, email = invitations.link(asked.invitation_id, asked.generation)
        return rpc.InvitationLink.model_validate({"token": token, "email": email})

    _answer(bus, rpc.INVITATION, invitation)
    _answer(bus, rpc.ACCEPT_INVITATION, accept)
    _answer(bus, rpc.INVITATION_LINK, link)


def _answer(bus: Bus, question: rpc.Rpc[Q, A], work: Callable[[Q], A]) -> None:
    """Answer a request. A refusal is answered by its code; what is not found, by an empty reply."""

    def answer(asked: Q) -> Message:
        try:
            return question.reply(ok=work(asked))
        except InvalidEmail:
            return question.reply(refused="invalid")
        except Refusal as refusal:
            if refusal.status >= 500:
                raise
            return question.reply() if refusal.status == 404 else question.reply(refused=refusal.code)

    bus.answers(question.subject, question.request, answer)
