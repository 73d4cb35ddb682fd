"""Dead letters of a service: to list, replay and discard. Routes and commands use this."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from kit.db.database import Database
from kit.errors import Conflict, NotFound
from kit.messaging.inbox import TRANSIENT, BlockedSubject, Inbox
from kit.operations.answers import Answer

DurableName = Annotated[
    str, Field(description="Name of the consumer that could not apply the message.", examples=["platforms-identity"])
]
Source = Annotated[str, Field(description="Source of the message (CloudEvents).", examples=["/identity/1"])]
Subject = Annotated[
    str,
    Field(
        description="Id of the aggregate that the message is about. Later messages about it are kept behind this one.",
        examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"],
    ),
]
SequenceNumber = Annotated[int, Field(description="Position of the message in its source.", examples=[42])]
Type = Annotated[
    str, Field(description="Type of the message (CloudEvents).", examples=["tradehall.identity.UserRenamed.v1"])
]


class ReplayFailed(Conflict):
    code = "replay-failed"
    title = "The message failed again and remains a dead letter"


class DeadLetter(BaseModel):
    """A message that could not be applied."""

    id: int = Field(description="Id of the dead letter.", examples=[17])
    durable: DurableName
    source: Source
    subject: Subject
    sequence: SequenceNumber
    type: Type
    payload: str = Field(
        description="The message as text. It may contain personal data, never a secret.",
        examples=['{"specversion":"1.0"}'],
    )
    error: str = Field(description="Error of the last attempt.", examples=["MalformedEvent: source: Field required"])
    attempts: int = Field(description="Number of attempts to apply the message.", examples=[3])
    parked_at: datetime = Field(
        description="Time at which the message became a dead letter (RFC 3339, UTC).",
        examples=["2026-03-02T09:30:00Z"],
    )

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "DeadLetter":
        return cls(**{**row, "payload": bytes(row["payload"]).decode(errors="replace")})


class _WithoutPayload(DeadLetter):
    payload: str = Field(default="", exclude=True)


class DeadLetterList(Answer, RootModel[list[_WithoutPayload]]):
    """Dead letters without their payloads, which may contain personal data."""

    @classmethod
    def of_rows(cls, rows: Iterable[dict[str, Any]]) -> "DeadLetterList":
        return cls([_WithoutPayload(**{**row, "payload": ""}) for row in rows])

    def lines(self) -> Iterator[str]:
        for one in self.root:
            yield f"{one.id:>6}  {one.durable}  {one.type}  of {one.subject}: {one.error}"


class Replayed(Answer):
    """The result of a replay."""

    replayed: int = Field(
        description="Number of messages applied: the dead letter, and those of the same subject behind it.",
        examples=[1],
    )

    def lines(self) -> Iterator[str]:
        yield f"{self.replayed} replayed"


class FailedReplay(BaseModel):
    """An aggregate whose message failed again; it and those behind it are dead letters still."""

    durable: str
    subject: str
    error: str


class ReplayReport(Replayed):
    """The result of replaying several aggregates."""

    failed_again: list[FailedReplay] = Field(alias="failed")

    @property
    def failed(self) -> bool:
        return bool(self.failed_again)

    def lines(self) -> Iterator[str]:
        yield from super().lines()
        for one in self.failed_again:
            yield f"{one.subject} failed again: {one.error}"


class Discard(BaseModel):
    """A reason for discarding a message."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] = Field(
        description="Reason, for the operator log, 1 to 500 characters.", examples=["Made by hand for a test"]
    )


Blocked = tuple[Inbox, BlockedSubject]


class DeadLetters:
    """The dead letters of a service's consumers."""

    def __init__(self, database: Database, inboxes: Sequence[Inbox]) -> None:
        self._database = database
        self._inboxes = {inbox.durable: inbox for inbox in inboxes}

    def after(self, dead_letter_id: int, limit: int) -> list[dict[str, Any]]:
        """The rows with higher ids, the oldest first."""
        return list(
            self._database.all("SELECT * FROM parked WHERE id > %s ORDER BY id LIMIT %s", (dead_letter_id, limit))
        )

    def find(self, dead_letter_id: int) -> tuple[dict[str, Any], Inbox]:
        """The row and the inbox that it belongs to. Raises NotFound."""
        row = None
        if 0 < dead_letter_id < 2**63:
            row = self._database.one("SELECT * FROM parked WHERE id = %s", (dead_letter_id,))
        if row is None or row["durable"] not in self._inboxes:
            raise NotFound
        return row, self._inboxes[row["durable"]]

    def replay(self, dead_letter_id: int) -> Replayed:
        """Apply it and those of its subject. Raises NotFound, ReplayFailed and TRANSIENT."""
        row, inbox = self.find(dead_letter_id)
        applied, failure = inbox.replay(row["source"], row["subject"])
        if isinstance(failure, TRANSIENT):
            raise failure
        if failure is not None:
            raise ReplayFailed(_text(failure)[:500]) from failure
        return Replayed(replayed=applied)

    def replay_all(
        self, subject: str | None, track: Callable[[Sequence[Blocked]], Iterable[Blocked]] = iter
    ) -> ReplayReport:
        """Apply those of all subjects, or of one. One that fails does not stop the others."""
        blocked = [
            (inbox, one)
            for inbox in self._inboxes.values()
            for one in inbox.blocked_subjects()
            if subject in (None, one.subject)
        ]
        report = ReplayReport(replayed=0, failed=[])
        for inbox, one in track(blocked):
            applied, failure = inbox.replay(one.source, one.subject)
            report.replayed += applied
            if failure is not None:
                again = FailedReplay(durable=inbox.durable, subject=one.subject, error=_text(failure))
                report.failed_again.append(again)
        return report

    def discard(self, dead_letter_id: int, reason: str) -> dict[str, Any]:
        """Delete it permanently; answers the row. Raises NotFound."""
        row, inbox = self.find(dead_letter_id)
        if not inbox.discard(dead_letter_id, reason):
            raise NotFound
        return row


def _text(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"
