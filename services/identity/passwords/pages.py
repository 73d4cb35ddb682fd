"""Pages to choose a first password, change a password, and set a new one by a mailed link."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response

from identity.devices.cookies import DeviceCookie
from identity.pages.forms import MayRedirect, place, redirect_origin
from identity.pages.rendering import Renderer, errors_of, go_to
from identity.passwords import domain as rules
from identity.passwords.hashing import Hashing
from identity.passwords.service import Passwords
from identity.sessions.cookies import SessionCookie
from identity.sessions.service import Session
from identity.users.domain import ResetLinkSpent
from identity.users.service import Users
from kit.context import acting
from kit.errors import Invalid
from kit.http.csrf import CsrfGuard

Text = Annotated[str, Form()]


def passwords_router(
    show: Renderer,
    csrf: CsrfGuard,
    cookie: SessionCookie,
    device_cookie: DeviceCookie,
    users: Users,
    passwords: Passwords,
    hashing: Hashing,
    may_redirect: MayRedirect,
) -> APIRouter:
    router = show.router()

    def form(session: Session, then: str | None, refusal: Invalid | None = None) -> Response:
        return show.show(
            "new_password.html",
            refusal.status if refusal else 200,
            redirect_origin=redirect_origin(then, may_redirect),
            email=users.find(session.user_id).email,
            first=session.must_choose_password,
            next=then,
            errors=errors_of(refusal) if refusal else {},
            rules=rules,
        )

    def sign_in_first(then: str | None) -> Response:
        return go_to("/login" + (f"?next={quote(then, safe='')}" if then else ""))

    @router.get("/password/new")
    def new_form(request: Request, next: str = "") -> Response:
        session, then = cookie.session_of(request), place(next)
        return sign_in_first(then) if session is None else form(session, then)

    @router.post("/password/new", dependencies=[Depends(csrf), Depends(hashing.place)])
    def new(request: Request, password: Text = "", current_password: Text = "", next: Text = "") -> Response:
        session, then = cookie.session_of(request), place(next)
        if session is None:
            return sign_in_first(then)
        try:
            with acting(actor=str(session.user_id)):
                if session.must_choose_password:
                    passwords.choose(session, password)
                else:
                    passwords.change(session.user_id, current_password, password, session.id)
        except Invalid as refusal:
            return form(session, then, refusal)
        return go_to(then or "/")

    def reset_page(token: str, refusal: Invalid | None = None) -> Response:
        owner = passwords.reset_link_owner(token)
        status, errors = (refusal.status, errors_of(refusal)) if refusal else (200, {})
        return show.show("reset.html", status, email=owner.email, token=token, errors=errors, rules=rules)

    @router.get("/password/reset/{token}")
    def reset_form(token: str) -> Response:
        try:
            return reset_page(token)
        except ResetLinkSpent as refusal:
            return show.show("link_spent.html", refusal.status)

    @router.post("/password/reset/{token}", dependencies=[Depends(csrf), Depends(hashing.place)])
    def reset(request: Request, token: str, password: Text = "") -> Response:
        try:
            passwords.reset(token, password, device_cookie.device_of(request))
        except ResetLinkSpent as refusal:
            return show.show("link_spent.html", refusal.status)
        except Invalid as refusal:
            return reset_page(token, refusal)
        response = show.show("password_set.html")
        cookie.take_away(response)
        return response

    return router
