"""The userinfo endpoint (OpenID Connect Core 5.3): who has signed in, by the scope of the access token."""

from collections.abc import Collection
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from access.checks import UserRequired
from access.guard import Guard
from access.principal import Principal
from kit.errors import Forbidden
from kit.http.openapi import refusals

PATH = "/oauth2/userinfo"


class UserInfo(BaseModel):
    """The user who has signed in. A claim without a value is absent (5.3.2)."""

    sub: str = Field(description="The id of the user.", examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"])
    name: str | None = Field(default=None, description="The name, for the scope profile.", examples=["Ada"])
    email: str | None = Field(
        default=None, description="The email address, for the scope email.", examples=["ada@broker.example"]
    )
    email_verified: bool | None = Field(
        default=None, description="Whether the user has shown that they receive mail at this address.", examples=[True]
    )


class User(Protocol):
    """`email` and `name` are None after an erasure, `name` also while none was given."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def verified(self) -> bool: ...


class Users(Protocol):
    """What userinfo asks of the accounts."""

    def find(self, user_id: UUID) -> User: ...


class InsufficientScope(Forbidden):
    """RFC 6750 3.1."""

    code = "insufficient-scope"
    title = "The access token lacks a scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}.")
        self.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}"'


def claims(user: User, scopes: Collection[str]) -> dict[str, Any]:
    """Raises InsufficientScope without openid."""
    if "openid" not in scopes:
        raise InsufficientScope("openid")
    found: dict[str, Any] = {"sub": str(user.id)}
    if "profile" in scopes and user.name is not None:
        found["name"] = user.name
    if "email" in scopes and user.email is not None:
        found |= {"email": user.email, "email_verified": user.verified}
    return found


def userinfo_router(users: Users, guard: Guard) -> APIRouter:
    router = APIRouter()
    SignedInUser = Annotated[Principal, Depends(guard.user)]
    refused = refusals(UserRequired, InsufficientScope)

    def answer(caller: Principal) -> dict[str, Any]:
        assert caller.user_id is not None
        return claims(users.find(caller.user_id), caller.scopes)

    @router.get(
        PATH,
        operation_id="userinfo",
        summary="Get the signed-in user's claims",
        response_model=UserInfo,
        response_model_exclude_unset=True,
        responses=refused,
    )
    def get_userinfo(caller: SignedInUser) -> dict[str, Any]:
        """Send an access token with the scope openid. See OpenID Connect Core, section 5.3."""
        return answer(caller)

    @router.post(
        PATH,
        operation_id="userinfo_by_post",
        summary="Get the signed-in user's claims, by POST",
        response_model=UserInfo,
        response_model_exclude_unset=True,
        responses=refused,
    )
    def post_userinfo(caller: SignedInUser) -> dict[str, Any]:
        """The same as by GET; the access token is in the Authorization header here too."""
        return answer(caller)

    return router
