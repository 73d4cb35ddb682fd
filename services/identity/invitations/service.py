"""Invitations, which the organizations service owns: opened and accepted over the bus."""

from datetime import timedelta

from pydantic import SecretStr

from contracts import rpc
from identity.users.views import UserAccount
from kit.errors import Gone, NotFound
from kit.messaging.bus import Bus
from kit.security.rate_limiter import Limit


class UnknownInvitation(NotFound):
    title = "This invitation does not exist"


class InvitationOver(Gone):
    """`reason` is the status of an invitation, or the code of a refusal."""

    title = "This invitation is no longer open"

    def __init__(self, reason: str) -> None:
        super().__init__(_REASONS.get(reason.removeprefix("invitation-"), "Ask for a new one."))


_REASONS = {
    "expired": "It has expired. Ask the member who invited you to resend it.",
    "revoked": "It was revoked. If you think that this is a mistake, ask the member who invited you.",
    "declined": "It was declined. Ask the member who invited you for a new invitation.",
    "accepted": "It has been accepted. Sign in to see the organization.",
    "used": "It has been accepted. Sign in to see the organization.",
    "replaced": "A newer invitation was sent. Use the link in the latest mail.",
}
_ANOTHER_ADDRESS = "invitation-for-another-address"
UNKNOWN_LINKS = Limit("unknown-links", 100, timedelta(seconds=36))
"""Of a network address."""


class InvitationAcceptance:
    """Asks the organizations service. Each method raises BusUnavailable if it does not answer."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def open(self, token: str) -> rpc.Invitation:
        """Raises UnknownInvitation or InvitationOver."""
        question = rpc.InvitationRequest(token=SecretStr(token))
        reply = self._bus.ask_from_thread(rpc.INVITATION.subject, question, rpc.INVITATION.reply)
        if reply.refused is not None:
            raise InvitationOver(reply.refused)
        if reply.ok is None:
            raise UnknownInvitation("Check that you copied the whole link from the mail.")
        if reply.ok.status not in ("pending", "accepted"):
            raise InvitationOver(reply.ok.status)
        return reply.ok

    def accept(self, token: str, person: UserAccount) -> bool:
        """False if the invitation is for another address. Raises InvitationOver."""
        question = rpc.AcceptInvitationRequest(token=SecretStr(token), user_id=person.id, email=person.email or "")
        reply = self._bus.ask_from_thread(rpc.ACCEPT_INVITATION.subject, question, rpc.ACCEPT_INVITATION.reply)
        if reply.refused == _ANOTHER_ADDRESS:
            return False
        if reply.ok is None:
            raise InvitationOver(reply.refused or "")
        return True
