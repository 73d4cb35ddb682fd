"""Compatibility of schemas: breaking and harmless changes."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from contracts.catalogue import EVENTS
from contracts.compatibility import breaks
from contracts.permissions import Limits


class Inner(BaseModel):
    size: int


class InnerGrown(BaseModel):
    size: int
    colour: str


class LimitsGrown(BaseModel):
    model_config = ConfigDict(extra="forbid")
    platforms: tuple[str, ...] | None = None
    accounts: int | None = None


class LimitsBefore(BaseModel):
    model_config = ConfigDict(extra="forbid")
    platforms: tuple[str, ...] | None = None


def schema(annotation: Any, default: Any = ..., name: str = "field") -> dict[str, Any]:
    fields: dict[str, Any] = {name: (annotation, default)}
    return dict(create_model("Happened", **fields).model_json_schema())


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (schema(str), schema(int), "data.field: type was"),
        (schema(str), schema(str | None), "data.field: "),
        (schema(str | None), schema(str), "data.field: "),
        (schema(str | None), schema(int | None), "data.field: was ['null', 'string']"),
        (schema(str), schema(str, "x"), "data.field: may be missing"),
        (schema(str, "x"), schema(str), "data.field: is newly required"),
        (schema(str, "x"), schema(str, "y"), 'data.field: default was "x" and is "y"'),
        (schema(str, name="other"), schema(str), "data.other: is gone"),
        (schema(Literal["a", "b"]), schema(Literal["a", "c"]), "data.field: the value 'b' is gone"),
        (schema(Literal["a"]), schema(Literal["a", "b"]), "data.field: the value 'b' is new"),
        (schema(Literal["a", "b"]), schema(str), "data.field: was ['a', 'b'] and is open"),
        (schema(str), schema(str, Field(max_length=5)), "data.field: maxLength was open and is 5"),
        (schema(list[str]), schema(list[int]), "data.field[]: type was"),
        (schema(Inner), schema(InnerGrown), "data.field.colour: is newly required"),
        (schema(Inner | None), schema(InnerGrown | None), "data.field.colour: is newly required"),
        (schema(LimitsBefore), schema(LimitsGrown), "data.field.accounts: is new in a closed object"),
    ],
)
def test_a_breaking_change_is_reported(old: dict[str, Any], new: dict[str, Any], found: str) -> None:
    assert any(each.startswith(found) for each in breaks(old, new)), breaks(old, new)


def test_a_new_optional_field_breaks_nothing() -> None:
    class Happened(BaseModel):
        field: str
        more: Limits | None = None

    assert breaks(schema(str), Happened.model_json_schema()) == []


def test_changed_descriptions_break_nothing() -> None:
    retold = schema(str, Field(title="Another", description="Better said", examples=["x"]))

    assert breaks(schema(str), retold) == []


def test_a_schema_is_compatible_with_itself() -> None:
    for event in EVENTS.values():
        assert breaks(event.model_json_schema(), event.model_json_schema()) == []
