"""The page that an invitation's mail links to: join, sign in first, or choose a password and join."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from contracts import rpc
from contracts.email import normal
from identity.devices.cookies import DeviceCookie
from identity.invitations.service import InvitationAcceptance, UnknownInvitation
from identity.pages.forms import AddressOf
from identity.pages.rendering import Renderer, errors_of
from identity.passwords import domain as rules
from identity.passwords.hashing import Hashing
from identity.passwords.service import Passwords
from identity.sessions.cookies import SessionCookie
from identity.sessions.service import Sessions
from identity.users.service import Users
from identity.users.views import UserAccount
from kit.context import acting
from kit.errors import Invalid, Refusal
from kit.http.csrf import CsrfGuard
from kit.security.rate_limiter import FailureThrottle

Text = Annotated[str, Form()]


def invitations_router(
    show: Renderer,
    csrf: CsrfGuard,
    cookie: SessionCookie,
    device_cookie: DeviceCookie,
    address_of: AddressOf,
    users: Users,
    passwords: Passwords,
    sessions: Sessions,
    hashing: Hashing,
    throttle: FailureThrottle,
    inviting: InvitationAcceptance,
) -> APIRouter:
    router = show.router()

    def signed_in(request: Request) -> UserAccount | None:
        session = cookie.session_of(request)
        if session is None or session.must_choose_password:
            return None
        return users.find(session.user_id)

    def opened(request: Request, token: str) -> rpc.Invitation:
        throttle.check(address_of(request))
        try:
            return inviting.open(token)
        except UnknownInvitation:
            throttle.note(address_of(request))
            raise

    def page(
        invitation: rpc.Invitation, token: str, person: UserAccount | None, refusal: Invalid | None = None
    ) -> Response:
        status, errors = (refusal.status, errors_of(refusal)) if refusal else (200, {})
        template = _template(invitation, person, users)
        return show.show(
            template, status, invitation=invitation, token=token, person=person, errors=errors, rules=rules
        )

    def join(invitation: rpc.Invitation, token: str, person: UserAccount) -> Response:
        with acting(actor=str(person.id)):
            joined = inviting.accept(token, person)
        if not joined:
            return show.show("invitation_other.html", 403, invitation=invitation, token=token, person=person)
        return show.show("joined.html", invitation=invitation, person=person)

    @router.get("/invitations/{token}")
    def invitation_page(request: Request, token: str) -> Response:
        return page(opened(request, token), token, signed_in(request))

    @router.post("/invitations/{token}", dependencies=[Depends(csrf), Depends(hashing.place)])
    def accept(request: Request, token: str, password: Text = "") -> Response:
        invitation, person = opened(request, token), signed_in(request)
        if person is not None:
            return join(invitation, token, person)
        if _template(invitation, None, users) != "invitation_new.html" or invitation.email is None:
            return page(invitation, token, None)
        try:
            user_id = passwords.choose_invited(invitation.email, password)
        except Invalid as refusal:
            return page(invitation, token, None, refusal)
        with acting(actor=str(user_id)):
            agent, device = request.headers.get("user-agent"), device_cookie.device_of(request)
            _, value = sessions.start(user_id, "invitation", address_of(request), agent, device)
        try:
            response = join(invitation, token, users.find(user_id))
        except Refusal as refusal:
            # The account exists even if the invitation failed: the user is signed in and may try again.
            response = show.refused(refusal)
        cookie.give(response, value)
        device_cookie.give(response, device)
        return response

    return router


def _template(invitation: rpc.Invitation, person: UserAccount | None, users: Users) -> str:
    if invitation.email is None:
        raise UnknownInvitation
    if person is not None:
        own = normal(person.email or "") == normal(invitation.email)
        return "invitation_accept.html" if own else "invitation_other.html"
    if invitation.status == "accepted":
        return "invitation_sign_in.html"
    return "invitation_sign_in.html" if users.have_account(invitation.email) else "invitation_new.html"
