"""The operators of this installation: identity knows them, and the other services ask it."""

import time
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from access.checks import PermissionsUnavailable
from access.guard import Guard
from access.principal import Principal
from contracts import rpc
from kit.errors import Forbidden
from kit.messaging.bus import Bus, BusUnavailable

_KEPT = 1.0  # seconds: a right that is taken away stops within that


class OperatorRequired(Forbidden):
    code = "operator-needed"
    title = "Only operators of this installation may do this"


class Operators:
    """Asks identity, and keeps its answer for a second, so that a page of several calls asks once."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._known: dict[UUID, tuple[float, bool]] = {}

    def has(self, user_id: UUID) -> bool:
        """Whether this user is an operator. Raises PermissionsUnavailable."""
        now = self._clock()
        self._known = {user: known for user, known in self._known.items() if known[0] > now}
        if user_id not in self._known:
            self._known[user_id] = now + _KEPT, self._ask(user_id)
        return self._known[user_id][1]

    def _ask(self, user_id: UUID) -> bool:
        question = rpc.OperatorRequest(user_id=user_id)
        try:
            answer = self._bus.ask_from_thread(rpc.OPERATOR.subject, question, rpc.OPERATOR.reply).ok
        except BusUnavailable as error:
            raise PermissionsUnavailable from error
        return answer is not None and answer.operator


def operator_needed(guard: Guard, is_operator: Callable[[UUID], bool]) -> Callable[..., Principal]:
    """A dependency that requires an operator. Raises OperatorRequired."""
    Self = Annotated[Principal, Depends(guard.user)]

    def operator(principal: Self) -> Principal:
        assert principal.user_id is not None, "a person has an id"
        if not is_operator(principal.user_id):
            raise OperatorRequired
        return principal

    return operator
