"""What operators may do with the accounts of others."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from access.caller import Caller
from access.guard import Guard
from identity.application.guesses import Guesses
from identity.application.people import People
from identity.domain.user import UnknownUser
from kit.errors import Forbidden
from kit.openapi import refusals


class OperatorNeeded(Forbidden):
    code = "operator-needed"
    title = "This is for the operators of this installation"


def operator_needed(guard: Guard, people: People) -> Callable[..., Caller]:
    """A dependency that refuses everybody but operators."""
    Self = Annotated[Caller, Depends(guard.person)]

    def operator(caller: Self) -> Caller:
        assert caller.user_id is not None, "a person has an id"
        if not people.find(caller.user_id).operator:
            raise OperatorNeeded
        return caller

    return operator


def routes(operator: Callable[..., Caller], guesses: Guesses) -> APIRouter:
    router = APIRouter(prefix="/api/v1/operations", tags=["operations"])

    @router.post(
        "/users/{user}/unlock",
        status_code=204,
        operation_id="unlock_user",
        dependencies=[Depends(operator)],
        responses=refusals(UnknownUser, OperatorNeeded),
    )
    def unlock_user(user: UUID) -> None:
        """Failed attempts to sign in count no longer against this person, wherever they came from."""
        guesses.unlock(user)

    return router
