"""The fields of a credential form, described for programs that show it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr
from pydantic.fields import FieldInfo

from platforms.connections.connector import Connector
from platforms.connections.fields import Choices, Multiline

FieldType = Literal["text", "number", "password", "choice", "multiline"]


class FieldChoice(BaseModel):
    value: str = Field(description="The value to send.")
    label: str
    help: str


class FormField(BaseModel):
    """One field of a credential form, in the order in which users fill it."""

    name: str = Field(description="The field's name in the body that sets the credentials.")
    label: str
    help: str
    type: FieldType = Field(
        description="How the field is entered. Numbers are sent as JSON numbers, everything else as text. A password "
        "is never shown again."
    )
    required: bool
    default: str | int | None = Field(description="The value when the field is left out; null if there is none.")
    choices: list[FieldChoice] = Field(description="The values that a field of the type choice can have.")
    max_length: int | None = Field(description="The largest number of characters; null where another rule decides.")


def fields_of(connector: Connector) -> list[FormField]:
    """The form's fields, without those that the connector's protocol decides."""
    fields = connector.form.model_fields.items()
    return [_described(name, field) for name, field in fields if _is_asked(connector, name)]


def _is_asked(connector: Connector, name: str) -> bool:
    if name == "tls":
        return connector.tls is None
    return name != "ca_pem" or connector.tls != "off"


def _described(name: str, field: FieldInfo) -> FormField:
    parts = list(_parts(field))
    choices = next((part.texts for part in parts if isinstance(part, Choices)), ())
    lengths = [part.max_length for part in parts if getattr(part, "max_length", None) is not None]
    return FormField(
        name=name,
        label=next((part.title for part in parts if isinstance(part, FieldInfo) and part.title), name),
        help=next((part.description for part in parts if isinstance(part, FieldInfo) and part.description), ""),
        type=_type(parts),
        required=field.is_required(),
        default=None if field.is_required() else field.default,
        choices=[FieldChoice(value=value, label=label, help=text) for value, label, text in choices],
        max_length=min(lengths, default=None),
    )


def _type(parts: list[Any]) -> FieldType:
    if SecretStr in parts:
        return "password"
    if any(isinstance(part, Choices) for part in parts):
        return "choice"
    if any(isinstance(part, Multiline) for part in parts):
        return "multiline"
    return "number" if int in parts else "text"


def _parts(field: FieldInfo) -> Iterator[Any]:
    """A field's types and annotations, also those inside of an optional one."""
    yield field
    yield from field.metadata
    yield from _parts_of(field.annotation)


def _parts_of(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        for each in annotation.__metadata__:
            yield each
            yield from each.metadata if isinstance(each, FieldInfo) else ()
    members = get_args(annotation)
    for member in members:
        yield from _parts_of(member)
    if not members:
        yield annotation
