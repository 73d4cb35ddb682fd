"""Routes of a user's own sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from access.checks import UserRequired
from access.guard import Guard
from access.principal import Principal
from identity.sessions.service import OpenSession, Sessions, UnknownSession
from identity.users.domain import known_user
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged


class SessionAnswer(BaseModel):
    """An active session."""

    id: UUID = Field(description="Id of the session.", examples=["b6a5d4c3-2f1e-4d0c-8b9a-0f1e2d3c4b87"])
    created_at: AwareDatetime = Field(
        description="Time of the sign-in (RFC 3339, UTC).", examples=["2026-03-02T09:30:00Z"]
    )
    last_used_at: AwareDatetime = Field(
        description="Time of the last use (RFC 3339, UTC), exact to the minute.", examples=["2026-03-16T14:05:00Z"]
    )
    address: str | None = Field(
        description="IP address at sign-in, an IPv6 address as its /64 network; null if unknown.",
        examples=["192.0.2.10"],
    )
    device: str | None = Field(
        description="Browser and operating system; null if `user_agent` does not tell them.",
        examples=["Firefox on Linux"],
    )
    user_agent: str | None = Field(
        description="User-Agent header at sign-in, at most 300 characters; null if none was sent.",
        examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
    )
    current: bool = Field(description="Whether the access token of this request belongs to it.", examples=[True])

    @classmethod
    def of(cls, session: OpenSession, current: UUID | None) -> "SessionAnswer":
        return cls(
            id=session.id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            address=session.address,
            device=session.device,
            user_agent=session.user_agent,
            current=session.id == current,
        )


Others = Annotated[
    bool, Query(description="Keep the session of this access token, and revoke all others.", examples=[True])
]


def routes(guard: Guard, sessions: Sessions) -> APIRouter:
    """Routes that need the token of a user."""
    router = APIRouter(prefix="/api/v1/me/sessions", tags=["users"], responses=refusals(UserRequired))
    Self = Annotated[Principal, Depends(guard.user)]

    @router.get("", operation_id="list_my_sessions", summary="List the sessions of the signed-in user")
    def list_sessions(caller: Self, paging: Paged) -> Page[SessionAnswer]:
        """Returns the active sessions, oldest first."""
        rows = sessions.list(known_user(caller.user_id), paging)
        return paging.page(
            rows,
            lambda each: SessionAnswer.of(each, caller.session_id),
            lambda each: (each.created_at.isoformat(), str(each.id)),
        )

    @router.delete(
        "", status_code=204, operation_id="end_my_sessions", summary="Revoke the sessions of the signed-in user"
    )
    def revoke_sessions(caller: Self, others: Others = False) -> None:
        """Revokes all sessions of the user, or all but the current one. Their tokens stop working everywhere within a
        second."""
        sessions.revoke_all(known_user(caller.user_id), except_id=caller.session_id if others else None)

    @router.delete(
        "/{id}",
        status_code=204,
        operation_id="end_my_session",
        summary="Revoke a session of the signed-in user",
        responses=refusals(UnknownSession),
    )
    def revoke_session(caller: Self, id: UUID) -> None:
        """Revokes one session. Its tokens stop working everywhere within a second."""
        sessions.revoke_own(known_user(caller.user_id), id)

    return router
