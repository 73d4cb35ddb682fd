"""Faults that the simulators inject on request."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    SILENT = "never answers"
    HALF = "sends half of the answer, then nothing"
    RESET = "sends half of the answer, then resets the connection"
    CLOSE = "closes instead of answering"
    LYING = "gives a wrong CLI_RAND_ANSWER"
    BAD_TEXT = "answers in what is no text"
    NOT_JSON = "answers with a body that is no JSON"
    RETCODE = "answers with `retcode`; after 15 SHUTDOWN it closes"
    STALE = "sends an answer with another serial number first"
    DELAY = "answers after `seconds`"
    HTTP = "answers over HTTPS with the status `retcode` and no JSON"


@dataclass(frozen=True)
class Fault:
    """`command` None means the next command, whichever it is."""

    kind: FaultKind
    command: str | None = None
    retcode: int = 0
    seconds: float = 0.0


class Faults:
    """Faults to inject, each once."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, kind: FaultKind, command: str | None = None, *, retcode: int = 0, seconds: float = 0.0) -> None:
        self._waiting.append(Fault(kind, command, retcode, seconds))

    def take(self, command: str) -> Fault | None:
        for fault in self._waiting:
            if fault.command in (None, command):
                self._waiting.remove(fault)
                return fault
        return None
