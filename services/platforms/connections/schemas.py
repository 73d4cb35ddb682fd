"""Types of the HTTP API that follow from the installed connectors, in validation and in the OpenAPI document."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any, Literal, Union

from fastapi.exceptions import RequestValidationError
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from platforms.connections.connector import Connector, CredentialForm
from platforms.connectors import installed
from platforms.platforms.domain import Target


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class FromRegistry:
    """In an annotation: the value has the type that `kind` gives when it is validated or documented.

    Without `validated` the type is only documented.
    """

    def __init__(self, kind: Callable[[], Any], *, validated: bool = True) -> None:
        self._kind = kind
        self._validated = validated

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not self._validated:
            return core_schema.any_schema()
        return core_schema.no_info_plain_validator_function(lambda value: _adapter(self._kind()).validate_python(value))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # Inside of a union, which may have one member, models become references instead of copies.
        return handler(core_schema.union_schema([_adapter(self._kind()).core_schema]))


def _one_of(types: Sequence[Any]) -> Any:
    return Union[tuple(dict.fromkeys(types))]  # noqa: UP007 - the members are known at run time only


def _ranked(target: Target) -> Sequence[Connector]:
    """The usual connectors first, whatever their kind: the first form is the example of the document."""
    return sorted(installed().of_target(target), key=lambda one: one.rank)


def _forms(target: Target) -> Callable[[], Any]:
    return lambda: _one_of([one.form for one in _ranked(target)])


Kind = Annotated[str, FromRegistry(lambda: Literal[installed().kinds])]
Api = Annotated[str, FromRegistry(lambda: Literal[installed().apis()])]
ApiLogin = Annotated[int | str, FromRegistry(lambda: _one_of([one.form.login_type for one in _ranked("api")]))]
ApiForm = Annotated[Any, FromRegistry(_forms("api"), validated=False)]
"""A body that the platform's connector validates, by `parsed`."""
DbForm = Annotated[Any, FromRegistry(_forms("db"), validated=False)]


def parsed(form: type[CredentialForm], body: Any, *place: str) -> CredentialForm:
    """The form that a body fills; `place` is its location in the request. Raises RequestValidationError."""
    try:
        return form.model_validate(body)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *place, *each["loc"])} for each in error.errors(include_url=False)]
        ) from error
