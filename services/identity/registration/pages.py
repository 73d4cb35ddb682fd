"""Pages to register, and to request a password reset link: one answer for every address."""

from collections.abc import Callable, Set
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from identity.pages.rendering import Renderer, errors_of
from identity.registration.service import Registration
from kit.errors import Invalid
from kit.http.csrf import CsrfGuard

Text = Annotated[str, Form()]


def registration_router(
    show: Renderer,
    csrf: CsrfGuard,
    registration: Registration,
    limited: Callable[[Request], None],
    domains: Set[str] | None,
) -> APIRouter:
    """`limited` is a dependency that counts; `domains` are those that may register, shown on the form, None for all."""
    router = show.router()
    listed = None if domains is None else sorted(domains)

    def answer(form: str, done: str, ask: Callable[[str], None], email: str) -> Response:
        try:
            ask(email)
        except Invalid as refusal:
            errors = errors_of(refusal)
            return show.show(form, refusal.status, email=email[:300], domains=listed, errors=errors)
        return show.show(done, email=email.strip())

    @router.get("/register")
    def register_form() -> Response:
        return show.show("register.html", email="", domains=listed)

    @router.post("/register", dependencies=[Depends(csrf), Depends(limited)])
    def register(email: Text = "") -> Response:
        return answer("register.html", "registered.html", registration.register, email)

    @router.get("/password/forgot")
    def forgot_form() -> Response:
        return show.show("forgot.html", email="")

    @router.post("/password/forgot", dependencies=[Depends(csrf), Depends(limited)])
    def forgot(email: Text = "") -> Response:
        return answer("forgot.html", "link_sent.html", registration.request_reset, email)

    return router
