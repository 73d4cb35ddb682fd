"""The action that makes a user an operator."""

from typing import TYPE_CHECKING
from uuid import UUID

from kit.operations.answers import Answer
from runtime.actions.definition import Action

if TYPE_CHECKING:  # slow to import
    from identity.operators.service import Operators


class AddedOperator(Answer):
    user_id: UUID

    def lines(self) -> list[str]:
        return [f"{self.user_id} is an operator"]


def _add(operators: "Operators", email: str) -> AddedOperator:
    """Make a registered user an operator of this installation. Exits with 1 if no user has this address."""
    return AddedOperator(user_id=operators.add(email))


ADD = Action("operator-add", _add)
