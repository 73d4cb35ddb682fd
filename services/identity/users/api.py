"""Routes of a user's own account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from access.checks import UserRequired
from access.guard import Guard
from access.principal import Principal
from identity.users.domain import known_user
from identity.users.service import Users
from identity.users.views import UserAccount
from kit.http.fields import Body, Name
from kit.http.openapi import refusals


class NameChange(Body):
    """A new name for the signed-in user."""

    name: Name = Field(
        description="The name that other members see, 1 to 100 characters on one line.", examples=["Ada"]
    )


class Me(BaseModel):
    """The account of the signed-in user."""

    id: UUID = Field(description="Id of the user.", examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"])
    email: str | None = Field(
        description="E-mail address as typed at registration; null once the account is erased.",
        examples=["ada@broker.example"],
    )
    name: str | None = Field(description="Name that other members see; null if none was set.", examples=["Ada"])
    created_at: AwareDatetime = Field(
        description="Time of the registration (RFC 3339, UTC).", examples=["2026-03-02T09:30:00Z"]
    )
    operator: bool = Field(description="Whether the user is an operator of this installation.", examples=[False])

    @classmethod
    def of(cls, person: UserAccount) -> "Me":
        return cls(
            id=person.id,
            email=person.email,
            name=person.name,
            created_at=person.created_at,
            operator=person.operator,
        )


def routes(guard: Guard, users: Users) -> APIRouter:
    """Routes that need the token of a user."""
    router = APIRouter(prefix="/api/v1/me", tags=["users"], responses=refusals(UserRequired))
    Self = Annotated[Principal, Depends(guard.user)]

    @router.get("", operation_id="get_me", summary="Get the account of the signed-in user")
    def get_me(caller: Self) -> Me:
        """Returns the account of the user who owns the access token."""
        return Me.of(users.find(known_user(caller.user_id)))

    @router.patch("", operation_id="rename_me", summary="Rename the signed-in user")
    def rename_me(caller: Self, body: NameChange) -> Me:
        """Changes the name that other members see. Names need not be unique."""
        return Me.of(users.rename(known_user(caller.user_id), body.name))

    return router
