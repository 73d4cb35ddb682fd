"""The documentation site: prepared pages, and references that are rendered from the published documents."""

import json
from typing import Any

import jsonschema_rs
import pytest

from deploy.docs import api, events
from deploy.docs.json_schema import deref, example, type_in_words
from deploy.docs.links import DOCS, prepared

ASYNCAPI = json.loads((DOCS / "asyncapi" / "asyncapi.json").read_text())
EVENTS = [
    (name.removesuffix(".events"), deref(message, ASYNCAPI))
    for name, channel in ASYNCAPI["channels"].items()
    if name.endswith(".events")
    for message in channel["messages"].values()
]


@pytest.mark.parametrize(("service", "message"), EVENTS, ids=[message["title"] for _, message in EVENTS])
def test_the_example_of_an_event_is_valid(service: str, message: dict[str, Any]) -> None:
    schema = {"$ref": "#/message", "message": message["payload"], "components": ASYNCAPI["components"]}
    jsonschema_rs.validate(schema, events.event_example(service, message, ASYNCAPI))


def test_the_events_page_has_every_event_with_an_example() -> None:
    page = events.page(ASYNCAPI)
    assert all(f"\n### {message['title']}\n" in page for _, message in EVENTS)
    assert page.count("```json\n") == len(EVENTS)


def test_the_api_pages_have_every_operation_once() -> None:
    document = json.loads((DOCS / "openapi" / "openapi.json").read_text())
    text = "".join(api.pages(document).values())
    operations = [one for path in document["paths"].values() for one in path.values() if "operationId" in one]
    counts = {one["operationId"]: text.count(f"({one['operationId']})=\n") for one in operations}
    missing = [name for name, count in counts.items() if count == 0]
    assert not missing, f"{missing} have no page: add the tag to _TAGS of deploy/gateway/openapi.py"
    assert [name for name, count in counts.items() if count > 1] == []


def test_types_are_written_in_words() -> None:
    schema = {"anyOf": [{"type": "array", "items": {"type": "string", "format": "uuid"}}, {"type": "null"}]}
    assert type_in_words(schema, {}) == "array of string (uuid) or null"


def test_an_example_of_the_schema_is_used() -> None:
    assert example({"type": "string", "examples": ["Live 1"]}, {}) == "Live 1"


@pytest.mark.parametrize(
    ("written", "on_the_site"),
    [
        ("[keys](security.md#keys)", "[keys](security.md#keys)"),
        ("[web](https://example.com/)", "[web](https://example.com/)"),
        ("[changes](../CHANGELOG.md)", "[changes](reference/changelog.md)"),
        ("[code](../deploy/docs/links.py)", "code (`deploy/docs/links.py`)"),
        ("[gone](../gone.md)", "[gone](../gone.md)"),
    ],
)
def test_links_that_leave_the_documents_become_paths(written: str, on_the_site: str) -> None:
    assert prepared("operations", written) == on_the_site
