"""What an invitation's mail links to: join, sign in first, or choose a password and join."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import SecretStr

from contracts import rpc
from contracts.email import normal
from identity.pages.rendering import Renderer, errors_of
from identity.passwords.hashing import Hashing
from identity.passwords.service import Passwords
from identity.people.service import People
from identity.people.views import PeopleViews, Person
from identity.sessions.cookies import DeviceCookie, SessionCookie
from identity.sessions.service import Sessions
from identity.sign_in.pages import AddressOf
from kit.context import acting
from kit.errors import Gone, Invalid, NotFound, Refusal
from kit.http.csrf import CsrfGuard
from kit.messaging.bus import Bus
from kit.security.rate_limiter import FailureThrottle, Limit

Text = Annotated[str, Form()]


class UnknownInvitation(NotFound):
    title = "This invitation does not exist"


class InvitationOver(Gone):
    """`reason` is an invitation's status, or the code of a refusal."""

    title = "This invitation is no longer open"

    def __init__(self, reason: str) -> None:
        super().__init__(_REASONS.get(reason.removeprefix("invitation-"), "Ask for a new one."))


_REASONS = {
    "expired": "It has expired. Ask whoever invited you to send it again.",
    "revoked": "It was taken back. Ask whoever invited you if you think that is a mistake.",
    "declined": "It was declined. Ask whoever invited you to send a new one.",
    "accepted": "It was accepted already. Sign in to see the organization.",
    "used": "It was accepted already. Sign in to see the organization.",
    "replaced": "A newer one was sent. Use the link in the latest mail.",
}
_ANOTHER_ADDRESS = "invitation-for-another-address"
UNKNOWN_LINKS = Limit("unknown-links", 100, timedelta(seconds=36))
"""Of a network address."""


class Inviting:
    """Asks the organizations service. Each method raises BusUnavailable when it does not answer."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def open(self, token: str) -> rpc.Invitation:
        """Raises UnknownInvitation or InvitationOver."""
        question = rpc.InvitationRequest(token=SecretStr(token))
        reply = self._bus.ask_from_thread(rpc.INVITATION.subject, question, rpc.INVITATION.reply)
        if reply.refused is not None:
            raise InvitationOver(reply.refused)
        if reply.ok is None:
            raise UnknownInvitation("Check that the whole link was copied from the mail.")
        if reply.ok.status not in ("pending", "accepted"):
            raise InvitationOver(reply.ok.status)
        return reply.ok

    def accept(self, token: str, person: Person) -> bool:
        """False where the invitation is for another address. Raises InvitationOver."""
        question = rpc.AcceptInvitationRequest(token=SecretStr(token), user_id=person.id, email=person.email or "")
        reply = self._bus.ask_from_thread(rpc.ACCEPT_INVITATION.subject, question, rpc.ACCEPT_INVITATION.reply)
        if reply.refused == _ANOTHER_ADDRESS:
            return False
        if reply.ok is None:
            raise InvitationOver(reply.refused or "")
        return True


def invitations_router(
    show: Renderer,
    own_forms: CsrfGuard,
    cookie: SessionCookie,
    device_cookie: DeviceCookie,
    address_of: AddressOf,
    people: People,
    views: PeopleViews,
    passwords: Passwords,
    sessions: Sessions,
    hashing: Hashing,
    misses: FailureThrottle,
    bus: Bus,
) -> APIRouter:
    router = show.router()
    inviting = Inviting(bus)

    def signed_in(request: Request) -> Person | None:
        session = cookie.session_of(request)
        if session is None or session.must_choose_password:
            return None
        return people.find(session.user_id)

    def opened(request: Request, token: str) -> rpc.Invitation:
        misses.check(address_of(request))
        try:
            return inviting.open(token)
        except UnknownInvitation:
            misses.note(address_of(request))
            raise

    def page(invitation: rpc.Invitation, token: str, person: Person | None, refusal: Invalid | None = None) -> Response:
        status, errors = (refusal.status, errors_of(refusal)) if refusal else (200, {})
        template = _template(invitation, person, views)
        return show.show(template, status, invitation=invitation, token=token, person=person, errors=errors)

    def join(invitation: rpc.Invitation, token: str, person: Person) -> Response:
        with acting(actor=str(person.id)):
            joined = inviting.accept(token, person)
        if not joined:
            return show.show("invitation_other.html", 403, invitation=invitation, token=token, person=person)
        return show.show("joined.html", invitation=invitation, person=person)

    @router.get("/invitations/{token}")
    def invitation_page(request: Request, token: str) -> Response:
        return page(opened(request, token), token, signed_in(request))

    @router.post("/invitations/{token}", dependencies=[Depends(own_forms), Depends(hashing.place)])
    def accept(request: Request, token: str, password: Text = "") -> Response:
        invitation, person = opened(request, token), signed_in(request)
        if person is not None:
            return join(invitation, token, person)
        if _template(invitation, None, views) != "invitation_new.html" or invitation.email is None:
            return page(invitation, token, None)
        try:
            user_id = passwords.choose_invited(invitation.email, password)
        except Invalid as refusal:
            return page(invitation, token, None, refusal)
        with acting(actor=str(user_id)):
            agent, device = request.headers.get("user-agent"), device_cookie.device_of(request)
            _, value = sessions.start(user_id, "invitation", address_of(request), agent, device)
        try:
            response = join(invitation, token, people.find(user_id))
        except Refusal as refusal:
            # The account is there whatever became of the invitation: they are signed in, and may try again.
            response = show.refused(refusal)
        cookie.give(response, value)
        device_cookie.give(response, device)
        return response

    return router


def _template(invitation: rpc.Invitation, person: Person | None, views: PeopleViews) -> str:
    if invitation.email is None:
        raise UnknownInvitation
    if person is not None:
        own = normal(person.email or "") == normal(invitation.email)
        return "invitation_accept.html" if own else "invitation_other.html"
    if invitation.status == "accepted":
        return "invitation_sign_in.html"
    known = views.credentials(invitation.email)
    return "invitation_sign_in.html" if known and known.verified else "invitation_new.html"
