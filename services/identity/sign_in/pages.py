"""The start page, signing in and signing out."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response

from identity.devices.cookies import DeviceCookie
from identity.login_throttle.service import TooManyAttempts
from identity.pages.forms import AddressOf, MayRedirect, login_hint, place, redirect_origin
from identity.pages.rendering import Renderer, go_to
from identity.passwords.hashing import Hashing
from identity.sessions.cookies import SessionCookie
from identity.sessions.service import Session, Sessions
from identity.sign_in.service import SignIn, WrongCredentials
from identity.users.domain import OneTimePasswordSpent
from identity.users.service import Users
from kit.context import acting
from kit.http.csrf import CsrfGuard

Text = Annotated[str, Form()]
_WHAT_NEXT = "Register again to get a new one. If you have signed in with it before, reset your password instead."


def sign_in_router(
    show: Renderer,
    csrf: CsrfGuard,
    cookie: SessionCookie,
    device_cookie: DeviceCookie,
    address_of: AddressOf,
    users: Users,
    sign_in: SignIn,
    sessions: Sessions,
    hashing: Hashing,
    may_redirect: MayRedirect,
    *,
    portal: bool,
) -> APIRouter:
    """`portal`: whether there is a portal, which is then shown after signing in."""
    router = show.router()

    def form(email: str, then: str | None, status: int = 200, error: str | None = None) -> Response:
        origin = redirect_origin(then, may_redirect)
        errors = {"password": error} if error else {}
        return show.show("login.html", status, redirect_origin=origin, email=email, next=then, errors=errors)

    @router.get("/")
    def start(request: Request) -> Response:
        session = cookie.session_of(request)
        if session is None:
            return show.show("start.html")
        if session.must_choose_password:
            return go_to("/password/new")
        if portal:
            return go_to("/portal")
        return show.show("signed_in.html", person=users.find(session.user_id))

    @router.get("/login")
    def login_form(request: Request, next: str = "") -> Response:
        then = place(next)
        if then is None and cookie.session_of(request) is not None:
            return go_to("/")
        return form(login_hint(then), then)

    @router.post("/login", dependencies=[Depends(csrf), Depends(hashing.place)])
    def login(request: Request, email: Text = "", password: Text = "", next: Text = "") -> Response:
        then, device = place(next), device_cookie.device_of(request)
        try:
            session, value = sign_in.with_password(
                email, password, address_of(request), request.headers.get("user-agent"), device
            )
        except TooManyAttempts as refusal:
            response = form(email, then, refusal.status, f"{refusal.title}. {refusal.detail}")
            response.headers.update(refusal.headers)
            return response
        except WrongCredentials as refusal:
            return form(email, then, refusal.status, f"{refusal.title}.")
        except OneTimePasswordSpent as refusal:
            return form(email, then, 422, f"{refusal.title}. {_WHAT_NEXT}")
        _end_a_strangers(cookie.session_of(request), session)
        response = go_to(_after(session, then))
        cookie.give(response, value)
        device_cookie.give(response, device)
        return response

    def _end_a_strangers(before: Session | None, now: Session) -> None:
        if before is not None and before.user_id != now.user_id:
            with acting(actor=str(before.user_id)):
                sessions.revoke(before.id)

    @router.get("/logout")
    def logout_form(request: Request) -> Response:
        session = cookie.session_of(request)
        if session is None:
            return show.show("signed_out.html")
        return show.show("logout.html", person=users.find(session.user_id))

    @router.post("/logout", dependencies=[Depends(csrf)])
    def logout(request: Request, next: Text = "") -> Response:
        session = cookie.session_of(request)
        if session is not None:
            with acting(actor=str(session.user_id)):
                sessions.revoke(session.id)
        then = place(next)
        response = go_to(then) if then else show.show("signed_out.html")
        cookie.take_away(response)
        return response

    return router


def _after(session: Session, then: str | None) -> str:
    if session.must_choose_password:
        return "/password/new" + (f"?next={quote(then, safe='')}" if then else "")
    return then or "/"
