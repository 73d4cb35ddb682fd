"""Bodies and answers of the routes of checks."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kit.http.fields import Body
from platforms.checks.domain import Result, Step
from platforms.checks.history import ResultRow
from platforms.connections.schemas import ApiForm, DbForm

_OFFERED = "Credentials to check instead of the stored ones. They are not stored. Requires credentials:write."


class ApiCheck(Body):
    """A check of the API."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"target": "api"}]})

    target: Literal["api"] = Field(description="What to check: the API.")
    credentials: ApiForm | None = Field(default=None, description=_OFFERED, examples=[None])


class DbCheck(Body):
    """A check of the report database."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"target": "db"}]})

    target: Literal["db"] = Field(description="What to check: the report database.")
    credentials: DbForm | None = Field(default=None, description=_OFFERED, examples=[None])


CheckRequest = Annotated[ApiCheck | DbCheck, Field(discriminator="target")]


class StepAnswer(BaseModel):
    """A step of a check."""

    name: str = Field(description="Name of the step.", examples=["port"])
    outcome: str = Field(
        description="`ok`, the code of a warning, or, in the last step, the code of the reason why the check failed.",
        examples=["ok"],
    )
    duration_ms: int = Field(description="Duration in milliseconds.", examples=[12])
    detail: str = Field(
        description="Result in English; after a failure, how to correct it.",
        examples=["192.0.2.30 answers on port 1950"],
    )

    @classmethod
    def of(cls, step: Step) -> "StepAnswer":
        return cls(name=step.name, outcome=step.outcome, duration_ms=step.duration_ms, detail=step.detail)


class CheckAnswer(BaseModel):
    """The result of a check."""

    target: str = Field(description="What was checked: `api` or `db`.", examples=["api"])
    outcome: str = Field(
        description="`ok`, `degraded` (works, with a warning), or the code of the reason why the check failed.",
        examples=["ok"],
    )
    steps: list[StepAnswer] = Field(description="Steps in order. After a step that fails, there are no more.")
    checked_at: AwareDatetime = Field(
        description="Time of the check (RFC 3339, UTC).", examples=["2026-03-16T14:05:00Z"]
    )

    @classmethod
    def of(cls, result: Result) -> "CheckAnswer":
        steps = [StepAnswer.of(step) for step in result.steps]
        return cls(target=result.target, outcome=result.outcome, steps=steps, checked_at=result.checked_at)


class PastCheck(CheckAnswer):
    """The result of an earlier check."""

    id: UUID = Field(description="Id of the check.", examples=["3e2d1c0b-9a8f-4e7d-8c6b-5a4f3e2d1c98"])
    credentials: str = Field(
        description="`stored`, or `offered` if they were part of the request.", examples=["stored"]
    )
    version: int | None = Field(description="Version of the stored credentials; null for offered ones.", examples=[1])
    occasion: str = Field(description="`demand` if a user requested the check, or `schedule`.", examples=["schedule"])
    actor: str | None = Field(
        description="Id of the user or client that requested the check; null for a scheduled one.", examples=[None]
    )

    @classmethod
    def of_row(cls, row: ResultRow) -> "PastCheck":
        return cls(
            target=row.target,
            outcome=row.outcome,
            steps=[StepAnswer.model_validate(step) for step in row.steps],
            checked_at=row.checked_at,
            id=row.id,
            credentials="offered" if row.version is None else "stored",
            version=row.version,
            occasion=row.occasion,
            actor=row.actor,
        )
