"""The committed JSON Schemas are those of the code, and break no reader of the released ones."""

from pathlib import Path

import pytest

from contracts.compatibility import Schema, breaks
from contracts.envelope import Attributes
from contracts.rpc import RPC
from contracts.schemas import read, schemas, write

ASYNCAPI = Path(__file__).parents[3] / "docs" / "asyncapi"
RELEASED = read(ASYNCAPI / "released")


def test_the_committed_schemas_are_the_generated_ones(tmp_path: Path) -> None:
    (tmp_path / "tradehall.identity.Gone.v1.json").write_text("{}")
    write(tmp_path)

    generated, committed = (
        {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        for folder in (tmp_path, ASYNCAPI / "schemas")
    )
    assert committed == generated, "run: python -m contracts.schemas docs/asyncapi/schemas"


def test_there_is_a_released_schema() -> None:
    assert RELEASED


@pytest.mark.parametrize("event_type", RELEASED)
def test_no_released_schema_is_broken(event_type: str) -> None:
    assert event_type in schemas(), f"{event_type} was released: publish it beside its successor"
    assert breaks(RELEASED[event_type], schemas()[event_type]) == []


def test_every_field_of_an_event_or_a_request_has_a_description() -> None:
    requests = [model.model_json_schema() for rpc in RPC.values() for model in (rpc.request, rpc.reply)]
    documents = [*schemas().values(), *requests, Attributes.model_json_schema()]
    assert [field for document in documents for field in _without_description(document)] == []


def _without_description(document: Schema) -> list[str]:
    models = [document, *document.get("$defs", {}).values()]
    return [
        f"{model['title']}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if not field.get("description", "").endswith(".")
    ]
