"""What an operator action answers, by HTTP or on a command line."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel


class Answer(BaseModel):
    """The JSON of an action; `lines` are its text form for a terminal."""

    def lines(self) -> Iterable[str]:
        raise NotImplementedError

    @property
    def failed(self) -> bool:
        """Whether a command that gives this answer exits with 1."""
        return False

    def as_json(self) -> Any:
        """The answer as `--json` prints it."""
        return self.model_dump(mode="json", by_alias=True)
