"""The routes of people: registration, forgotten passwords, and one's own account and sessions."""

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel

from access.checks import PersonNeeded
from access.guard import Guard
from access.principal import Principal
from identity.passwords.domain import PasswordRefused, WrongPassword
from identity.passwords.hashing import Hashing, Overloaded
from identity.passwords.service import Passwords
from identity.people.domain import UnknownUser
from identity.people.service import People
from identity.people.views import Person
from identity.registration.service import Registration
from identity.sessions.service import OpenSession, Sessions
from identity.sign_in.login_throttle import TooManyGuesses
from kit.http.fields import Body, Email, Name, Raw
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from kit.security.rate_limiter import RateLimited


class Address(Body):
    email: Email


class Accepted(BaseModel):
    """The same for known and unknown addresses; what follows is told by mail."""

    status: Literal["accepted"] = "accepted"


class NameChange(Body):
    name: Name


class PasswordChange(Body):
    """`new_password` has 8 to 128 characters, is not a common one, and leaves out the address's name part."""

    current_password: Raw
    new_password: Raw


class Me(BaseModel):
    """The signed-in person; `email` as typed at registration, `name` null while none was given; `operator` of this
    installation."""

    id: UUID
    email: str | None
    name: str | None
    created_at: AwareDatetime
    operator: bool

    @classmethod
    def of(cls, person: Person) -> "Me":
        return cls(
            id=person.id,
            email=person.email,
            name=person.name,
            created_at=person.created_at,
            operator=person.operator,
        )


class SessionAnswer(BaseModel):
    """A session that goes on.

    `device` is a few words for the browser, null where they cannot be told from `user_agent`; `address` the network
    address at sign-in, an IPv6 one as its /64; `last_used_at` is exact to the minute; `current` is the session of
    this token.
    """

    id: UUID
    created_at: AwareDatetime
    last_used_at: AwareDatetime
    address: str | None
    device: str | None
    user_agent: str | None
    current: bool

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


def open_router(registration: Registration, limited: Callable[[Request], None]) -> APIRouter:
    """What strangers may ask for; `limited` is a dependency that counts."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["people"],
        dependencies=[Depends(limited)],
        responses=refusals(RateLimited),
    )

    @router.post("/registrations", status_code=202, operation_id="register")
    def register(body: Address) -> Accepted:
        """Register an address. A one-time password is mailed to it; a known address's owner is told."""
        registration.register(body.email)
        return Accepted()

    @router.post("/password-resets", status_code=202, operation_id="request_password_reset")
    def request_password_reset(body: Address) -> Accepted:
        """Have a link mailed that sets a new password; nothing is mailed to an unknown address."""
        registration.request_reset(body.email)
        return Accepted()

    return router


def own_router(guard: Guard, people: People, passwords: Passwords, sessions: Sessions, hashing: Hashing) -> APIRouter:
    """What signed-in people do with their own account."""
    router = APIRouter(prefix="/api/v1/me", tags=["people"], responses=refusals(PersonNeeded))
    Self = Annotated[Principal, Depends(guard.person)]

    @router.get("", operation_id="get_me")
    def get_me(caller: Self) -> Me:
        """Who the token is of."""
        return Me.of(people.find(_user(caller)))

    @router.patch("", operation_id="rename_me")
    def rename_me(caller: Self, body: NameChange) -> Me:
        """The name that others see; it need not be unique."""
        return Me.of(people.rename(_user(caller), body.name))

    @router.put(
        "/password",
        status_code=204,
        operation_id="change_my_password",
        dependencies=[Depends(hashing.place)],
        responses=refusals(PersonNeeded, WrongPassword, PasswordRefused, Overloaded, TooManyGuesses),
    )
    def change_password(caller: Self, body: PasswordChange) -> None:
        """All other sessions end."""
        passwords.change(_user(caller), body.current_password, body.new_password, caller.session_id)

    @router.get("/sessions", operation_id="list_my_sessions")
    def list_sessions(caller: Self, paging: Paged) -> Page[SessionAnswer]:
        """Those that go on, in the order in which they began."""
        rows = sessions.list(_user(caller), paging)
        return paging.page(
            rows,
            lambda each: SessionAnswer.of(each, caller.session_id),
            lambda each: (each.created_at.isoformat(), str(each.id)),
        )

    @router.delete("/sessions", status_code=204, operation_id="end_my_sessions")
    def end_sessions(caller: Self, others: bool = False) -> None:
        """All of them, this one too; with `others=true`, all others. Their tokens stop working everywhere."""
        sessions.end_all(_user(caller), except_id=caller.session_id if others else None)

    @router.delete("/sessions/{id}", status_code=204, operation_id="end_my_session")
    def end_session(caller: Self, id: UUID) -> None:
        """Its tokens stop working everywhere."""
        sessions.end_own(_user(caller), id)

    return router


def _user(caller: Principal) -> UUID:
    if caller.user_id is None:
        raise UnknownUser
    return caller.user_id
