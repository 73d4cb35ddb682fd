"""Actions that find a user and erase their personal data."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from identity.erasure.report import ErasureReport
from kit.operations.answers import Answer
from runtime.actions.definition import Action

if TYPE_CHECKING:  # slow to import
    from identity.erasure.checked import CheckedErasure

AddressOrId = Annotated[str, typer.Argument(metavar="WHO", help="The user's e-mail address or id.")]


class FoundUser(Answer):
    user_id: UUID
    email: str

    def lines(self) -> list[str]:
        return [f"{self.user_id} {self.email}"]


def _find(
    erasures: "CheckedErasure",
    who: AddressOrId,
    to_erase: Annotated[
        bool, typer.Option("--to-erase", help="Exit with 1 if an organization would lose its only administrator.")
    ] = False,
) -> FoundUser:
    """Find a user by e-mail address or id."""
    found = erasures.find(who, to_erase=to_erase)
    assert found.email is not None  # an erased user is not found
    return FoundUser(user_id=found.id, email=found.email)


def _erase(erasures: "CheckedErasure", who: AddressOrId) -> ErasureReport:
    """Erase a user's personal data in every service, and report what identity destroyed.

    Needs the settings of the service, which must be running, and TRADEHALL_ERASURE_LIST. `tradehall person erase`
    reports on all services.
    """
    return erasures.erase(who)


FIND = Action("find-person", _find, bus=True)
ERASE = Action("erase", _erase, bus=True)
