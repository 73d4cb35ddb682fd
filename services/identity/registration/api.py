"""Routes for registration and forgotten passwords; they need no token."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from identity.registration.service import Registration
from kit.http.fields import Body, Email
from kit.http.openapi import refusals
from kit.security.rate_limiter import RateLimited


class Address(Body):
    """The e-mail address that a request is about."""

    email: Email = Field(description="E-mail address, at most 254 characters.", examples=["grace@broker.example"])


class Accepted(BaseModel):
    """The same answer for known and unknown addresses; everything else is sent by mail."""

    status: Literal["accepted"] = Field(
        "accepted", description="Always `accepted`: the request is decided in the background.", examples=["accepted"]
    )


def routes(registration: Registration, limited: Callable[[Request], None]) -> APIRouter:
    """`limited` is a dependency that counts requests of a network address."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["users"],
        dependencies=[Depends(limited)],
        responses=refusals(RateLimited),
    )

    @router.post("/registrations", status_code=202, operation_id="register", summary="Register an e-mail address")
    def register(body: Address) -> Accepted:
        """Sends a one-time password to the address. If the address has an account, its owner gets a notice instead.
        The answer does not show which of the two happened."""
        registration.register(body.email)
        return Accepted()

    @router.post(
        "/password-resets",
        status_code=202,
        operation_id="request_password_reset",
        summary="Request a password reset link",
    )
    def request_password_reset(body: Address) -> Accepted:
        """Sends a link that sets a new password. It works once, for 60 minutes. Nothing is sent to an unknown address,
        and the answer does not show which of the two happened."""
        registration.request_reset(body.email)
        return Accepted()

    return router
