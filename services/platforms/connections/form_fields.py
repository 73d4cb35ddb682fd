"""Descriptions of the fields of a credential form, for clients that show the form."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr
from pydantic.fields import FieldInfo

from platforms.connections.connector import Connector
from platforms.connections.fields import Choices, Multiline

FieldType = Literal["text", "number", "password", "choice", "multiline"]


class FieldChoice(BaseModel):
    """A value that a field of the type `choice` can have."""

    value: str = Field(description="Value to send.", examples=["verify"])
    label: str = Field(description="Name of the value, to show to users.", examples=["TLS, verified certificate"])
    help: str = Field(description="Effect of the value, to show to users.", examples=["Recommended."])


class FormField(BaseModel):
    """A field of a credential form."""

    name: str = Field(description="Name of the field in the body that sets the credentials.", examples=["tls"])
    label: str = Field(description="Name of the field, to show to users.", examples=["Encryption"])
    help: str = Field(description="What to enter, to show to users.", examples=["TLS with a verified certificate."])
    type: FieldType = Field(
        description="How to enter the field. Numbers are sent as JSON numbers, all other types as text. Do not show a "
        "password while it is entered.",
        examples=["choice"],
    )
    required: bool = Field(description="Whether the field must be sent.", examples=[False])
    default: str | int | None = Field(
        description="Value used when the field is left out; null if there is none.", examples=["verify"]
    )
    choices: list[FieldChoice] = Field(description="Values of a field of the type `choice`; otherwise empty.")
    max_length: int | None = Field(
        description="Maximum length in characters; null if there is no fixed maximum.", examples=[None]
    )


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
