"""The action that rotates the signing keys."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, RootModel

from kit.operations.answers import Answer
from runtime.actions.definition import Action

if TYPE_CHECKING:  # slow to import
    from identity.signing_keys.service import SigningKeys


class WaitingKey(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    algorithm: str
    kid: str
    active_from: datetime = Field(alias="from")


class WaitingKeys(Answer, RootModel[list[WaitingKey]]):
    """New keys, which do not sign yet."""

    def lines(self) -> Iterator[str]:
        for key in self.root:
            yield f"{key.algorithm} {key.kid} signs from {key.active_from.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _rotate(keys: "SigningKeys") -> WaitingKeys:
    """Publish new signing keys. They sign from two minutes later; the old keys still verify.

    The service needs no restart. If new keys wait already, the command lists them.
    """
    return WaitingKeys(
        [WaitingKey(algorithm=new.algorithm, kid=new.kid, active_from=new.active_from) for new in keys.rotate()]
    )


ROTATE = Action("rotate-keys", _rotate)
