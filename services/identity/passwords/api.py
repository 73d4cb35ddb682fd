"""The route on which users change their password."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from access.checks import UserRequired
from access.guard import Guard
from access.principal import Principal
from identity.login_throttle.service import TooManyAttempts
from identity.passwords.domain import PasswordRefused, WrongPassword
from identity.passwords.hashing import Hashing, Overloaded
from identity.passwords.service import Passwords
from identity.users.domain import known_user
from kit.http.fields import Body, Raw
from kit.http.openapi import refusals


class PasswordChange(Body):
    """The current password, and the one that replaces it."""

    current_password: Raw = Field(
        description="The password that the user signs in with now.", examples=["seven small boats at noon"]
    )
    new_password: Raw = Field(
        description="8 to 128 characters. Common passwords, and passwords that contain the name part of the user's "
        "e-mail address, are refused.",
        examples=["nine green kites at dawn"],
    )


def routes(guard: Guard, passwords: Passwords, hashing: Hashing) -> APIRouter:
    """Routes that need the token of a user."""
    router = APIRouter(prefix="/api/v1/me", tags=["users"])
    Self = Annotated[Principal, Depends(guard.user)]

    @router.put(
        "/password",
        status_code=204,
        operation_id="change_my_password",
        summary="Change the password of the signed-in user",
        dependencies=[Depends(hashing.place)],
        responses=refusals(UserRequired, WrongPassword, PasswordRefused, Overloaded, TooManyAttempts),
    )
    def change_password(caller: Self, body: PasswordChange) -> None:
        """Replaces the password and revokes all other sessions of the user."""
        passwords.change(known_user(caller.user_id), body.current_password, body.new_password, caller.session_id)

    return router
