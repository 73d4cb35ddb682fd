"""The route on which operators unlock a user."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Depends

from access.checks import UserRequired
from access.operators import OperatorRequired
from access.principal import Principal
from identity.login_throttle.service import LoginThrottle
from identity.users.domain import UnknownUser
from kit.http.openapi import refusals


def routes(operator: Callable[..., Principal], throttle: LoginThrottle) -> APIRouter:
    """`operator` is a dependency that requires an operator."""
    router = APIRouter(prefix="/api/v1/operations", tags=["operations"])

    @router.post(
        "/users/{user}/unlock",
        status_code=204,
        operation_id="unlock_user",
        summary="Unlock a user",
        dependencies=[Depends(operator)],
        responses=refusals(UnknownUser, OperatorRequired, UserRequired),
    )
    def unlock_user(user: UUID) -> None:
        """Clears the failed sign-in attempts of a user, from all network addresses, so that the user can sign in
        again at once."""
        throttle.unlock(user)

    return router
