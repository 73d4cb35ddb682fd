"""The base of all contract events: a frozen model with its context and its type."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
"""A kebab-case word from an open set: consumers must accept unknown ones."""


class Message(BaseModel):
    """A frozen wire model. Unknown fields are ignored, so a newer writer may add fields."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,  # an error ends up in logs, its input may be personal
    )


class Event(Message):
    """A fact that one service publishes to others. Subclasses are named in the past tense."""

    context: ClassVar[str]
    event_version: ClassVar[int] = 1

    @classmethod
    def event_type(cls) -> str:
        """The CloudEvents type, such as `tradehall.identity.UserRegistered.v1`."""
        return f"tradehall.{cls.context}.{cls.__name__}.v{cls.event_version}"

    @classmethod
    def data_schema(cls) -> str:
        """The URI that names the JSON Schema of the data."""
        return f"urn:tradehall:schema:{cls.event_type()}"
