"""What operators may do with the accounts of others."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Depends

from access.checks import PersonNeeded
from access.operators import OperatorNeeded
from access.principal import Principal
from identity.people.domain import UnknownUser
from identity.sign_in.login_throttle import Guesses
from kit.http.openapi import refusals


def routes(operator: Callable[..., Principal], guesses: Guesses) -> APIRouter:
    router = APIRouter(prefix="/api/v1/operations", tags=["operations"])

    @router.post(
        "/users/{user}/unlock",
        status_code=204,
        operation_id="unlock_user",
        dependencies=[Depends(operator)],
        responses=refusals(UnknownUser, OperatorNeeded, PersonNeeded),
    )
    def unlock_user(user: UUID) -> None:
        """Failed attempts to sign in count no longer against this person, wherever they came from."""
        guesses.unlock(user)

    return router
