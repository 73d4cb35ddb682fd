"""The envelope of every event on the bus: CloudEvents 1.0, structured JSON."""

from dataclasses import dataclass
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
M = TypeVar("M", default="Envelope")
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A part of a NATS subject."""


class UnknownEvent(Exception):
    """The type is none that this version knows; `attributes` still say whose it is and where it stood."""

    def __init__(self, attributes: "Attributes") -> None:
        super().__init__(f"no event of type {attributes.type} is known here")
        self.attributes = attributes


class MalformedEvent(Exception):
    """The message is not a valid event. `attributes` are None if it does not even say where it belongs."""

    def __init__(self, reason: str, attributes: "Attributes | RoutingAttributes | None" = None) -> None:
        super().__init__(reason)
        self.attributes = attributes


class Attributes(Message):
    """All of an event but its data: the CloudEvents attributes and Tradehall's extensions."""

    id: str = Field(min_length=1, max_length=256, description="`<context>-<epoch>-<sequence>`, unique for the source.")
    source: str = Field(
        pattern=r"^/[a-z]+/[A-Za-z0-9_-]{1,64}$", description="`/<context>/<epoch>` of the event store."
    )
    specversion: Literal["1.0"] = Field(default="1.0", description="Version of CloudEvents.")
    type: str = Field(
        pattern=r"^tradehall\.[a-z]+\.[A-Za-z]+\.v[1-9][0-9]*$",
        description="Context, name and version of the event, such as `tradehall.identity.UserRegistered.v1`.",
    )
    subject: Token = Field(description="Id of the aggregate that the event is about.")
    time: AwareDatetime = Field(description="When the event was stored (RFC 3339).")
    datacontenttype: Literal["application/json"] = Field(
        default="application/json", description="Media type of `data`."
    )
    dataschema: str = Field(description="URI of the JSON Schema of `data`.")
    sequence: int = Field(ge=1, description="Position in the event store of the source; it rises, with gaps.")
    version: int = Field(ge=1, description="Position among the events of the aggregate; it rises, with gaps.")
    organization: UUID | None = Field(default=None, description="The organization concerned; null if there is none.")
    actor: str | None = Field(default=None, description="Id of the user or client who acted; null for the system.")
    correlationid: str | None = Field(default=None, description="Id of the request that caused the event.")
    causationid: str | None = Field(default=None, description="Id of the event that caused this one.")
    traceparent: str | None = Field(default=None, description="Trace context (W3C Trace Context).")

    @property
    def context(self) -> str:
        """The context that the event is of, such as `identity`."""
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


@dataclass(frozen=True)
class RoutingAttributes:
    """What delivery needs to know of a malformed event: where it belongs. None of it is validated."""

    id: str
    source: str
    subject: str
    sequence: int
    type: str
    actor: None = None
    correlationid: None = None
    traceparent: None = None

    @classmethod
    def of(cls, content: dict[str, Any]) -> Self | None:
        """None where a part is missing."""
        try:
            return cls(
                id=str(content["id"]),
                source=str(content["source"]),
                subject=str(content["subject"]),
                sequence=int(content["sequence"]),
                type=str(content["type"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None


class Envelope(Attributes, Generic[E]):
    """An event as it is on the bus, with the data of one event class."""

    data: SerializeAsAny[E] = Field(description="The event, by the schema that `dataschema` names.")

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
        """The structured JSON form; optional attributes that are absent are left out, data is whole."""
        absent = {name for name, value in self if value is None}
        return self.model_dump_json(exclude=absent).encode()

    @classmethod
    def parse(cls, payload: bytes) -> "Envelope":
        """Read a message from the bus, past attributes and data fields that a newer writer added.

        Raises UnknownEvent for a type that is not in the catalogue, MalformedEvent for anything else.
        """
        content = _json_object(payload)
        attributes = _attributes(content)
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


def _attributes(content: dict[str, Any]) -> Attributes:
    try:
        return Attributes.model_validate(content)
    except ValidationError as error:
        raise MalformedEvent(_reasons(error), RoutingAttributes.of(content)) from None


def _reasons(error: ValidationError) -> str:
    """What is wrong and where, without the values, which may be personal."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )


@dataclass(frozen=True)
class ParsedMessage(Generic[M]):
    """A message from the bus, parsed once: what delivery needs, and what a handler takes.

    `attributes` are None where the message does not even say where it belongs. `envelope` is None for an event of a
    type that this version does not know, and for a malformed one; `error` says what is wrong with that.
    """

    attributes: Attributes | RoutingAttributes | None
    envelope: M | None = None
    error: MalformedEvent | None = None


def parse_message(payload: bytes) -> ParsedMessage:
    """A message with its event as a typed envelope. Raises nothing."""
    try:
        envelope = Envelope.parse(payload)
    except UnknownEvent as unknown:
        return ParsedMessage(unknown.attributes)
    except MalformedEvent as malformed:
        return ParsedMessage(malformed.attributes, error=malformed)
    return ParsedMessage(envelope, envelope)


def parse_attributes(payload: bytes) -> Attributes:
    """The attributes of an event of any type, known or not, without its data. Raises MalformedEvent."""
    return _attributes(_json_object(payload))
