"""The envelope of every event on the bus: CloudEvents 1.0, structured JSON."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    Field,
    SerializeAsAny,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json
from typing_extensions import TypeVar

from contracts.catalogue import EVENTS
from contracts.event import Event, Message

E = TypeVar("E", bound=Event, default=Event)
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A part of a NATS subject."""


class UnknownEvent(Exception):
    """This version does not know the event's type. `attributes` hold its source and position."""

    def __init__(self, attributes: "Attributes") -> None:
        super().__init__(f"no event of type {attributes.type} is known here")
        self.attributes = attributes


class MalformedEvent(Exception):
    """The message is not a valid event. `attributes` are None if they do not parse either."""

    def __init__(self, reason: str, attributes: "Attributes | None" = None) -> None:
        super().__init__(reason)
        self.attributes = attributes


class Attributes(Message):
    """The CloudEvents attributes of an event, with Tradehall's extensions."""

    id: str = Field(min_length=1, max_length=256)
    source: str = Field(pattern=r"^/[a-z]+/[A-Za-z0-9_-]{1,64}$")
    specversion: Literal["1.0"] = "1.0"
    type: str = Field(pattern=r"^tradehall\.[a-z]+\.[A-Za-z]+\.v[1-9][0-9]*$")
    subject: Token = Field(description="Id of the aggregate that the event is about.")
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    sequence: int = Field(ge=1, description="Position in the source's event store; rises, with gaps.")
    version: int = Field(ge=1, description="Position in the events of the aggregate; rises, with gaps.")
    organization: UUID | None = Field(default=None, description="The organization that the event belongs to, if any.")
    actor: str | None = Field(default=None, description="Id of the user or client who caused it; null for the system.")
    correlationid: str | None = Field(default=None, description="Id of the request that it began with.")
    causationid: str | None = Field(default=None, description="Id of the event that caused it.")
    traceparent: str | None = Field(default=None, description="W3C Trace Context of the request, if it is traced.")

    @property
    def context(self) -> str:
        """The context of the event, such as `identity`."""
        return self.type.split(".")[1]

    @property
    def bus_subject(self) -> str:
        """`evt.<context>.<organization or ->.<aggregate id>.<EventName>`."""
        return f"evt.{self.context}.{self.organization or '-'}.{self.subject}.{self.type.split('.')[2]}"

    @model_validator(mode="after")
    def _comes_from_its_own_context(self) -> Self:
        if self.source.split("/")[1] != self.context:
            raise ValueError("source and type name different contexts")
        return self


class Envelope(Attributes, Generic[E]):
    """An event as it is on the bus, with the data of one event class."""

    data: SerializeAsAny[E]

    @classmethod
    def of(
        cls,
        event: E,
        *,
        context: str,
        epoch: str,
        sequence: int,
        version: int,
        aggregate_id: UUID | str,
        time: datetime,
        organization: UUID | None = None,
        actor: str | None = None,
        correlationid: str | None = None,
        causationid: str | None = None,
        traceparent: str | None = None,
    ) -> Self:
        """The envelope of an event at its place in the source's store; ValidationError for a bad part."""
        return cls(
            id=f"{context}-{epoch}-{sequence}",
            source=f"/{context}/{epoch}",
            type=event.event_type(),
            subject=str(aggregate_id),
            time=time,
            dataschema=event.data_schema(),
            data=event,
            sequence=sequence,
            version=version,
            organization=organization,
            actor=actor,
            correlationid=correlationid,
            causationid=causationid,
            traceparent=traceparent,
        )

    def to_json(self) -> bytes:
        """The structured JSON form; absent optional attributes are omitted, data is complete."""
        absent = {name for name, value in self if value is None}
        return self.model_dump_json(exclude=absent).encode()

    @classmethod
    def parse(cls, payload: bytes) -> "Envelope":
        """Read a message from the bus; unknown attributes and data fields are ignored.

        Raises UnknownEvent for a type that is not in the catalogue, MalformedEvent for anything else.
        """
        content = _json_object(payload)
        try:
            attributes = Attributes.model_validate(content)
        except ValidationError as error:
            raise MalformedEvent(_reasons(error)) from None
        if (event_class := EVENTS.get(attributes.type)) is None:
            raise UnknownEvent(attributes)
        try:
            data = event_class.model_validate(content.get("data"))
        except ValidationError as error:
            raise MalformedEvent(f"data: {_reasons(error)}", attributes) from None
        return Envelope(**dict(attributes), data=data)


def _json_object(payload: bytes) -> dict[str, Any]:
    try:
        content = from_json(payload, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedEvent(f"not JSON: {error}") from None
    if not isinstance(content, dict):
        raise MalformedEvent("not a JSON object")
    return content


def _reasons(error: ValidationError) -> str:
    """Errors with their paths, without the values, which may be personal."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )


def parse_known(payload: bytes) -> Envelope | None:
    """The event, or None if this version does not know its type. Raises MalformedEvent."""
    try:
        return Envelope.parse(payload)
    except UnknownEvent:
        return None
