"""The events reference, rendered from the AsyncAPI document."""

import json
from collections.abc import Iterator
from typing import Any

from deploy.docs.json_schema import Schema, deref, example, fields_table

_ORGANIZATION = "5b0e6c1a-3f0d-4d0c-9d43-0a6a4c9e7d11"
_SUBJECT = "94f7c2d5-1e8a-4a3b-9c6d-7b0e5f2a8c76"
_INTRODUCTION = """\
# Events reference

Every event is a [CloudEvents](https://cloudevents.io/) 1.0 message in JSON. This page lists the fields of each event,
with an invented example. [Follow events](../guides/follow-events.md) shows how to receive them. The same as a
machine-readable document: {download}`AsyncAPI 3 <../asyncapi/asyncapi.json>`, with JSON Schemas in
`docs/asyncapi/schemas`.

New events, and new fields of an event, may appear at any time. Ignore what you do not know. A field never changes its
meaning: an incompatible change is a new event type with a higher number.

## Fields that every event has

"""


def page(document: Schema) -> str:
    """The whole page, as Markdown."""
    attributes = document["components"]["schemas"]["Attributes"]
    parts = [_INTRODUCTION, fields_table(attributes, document), *_channels(document)]
    return "\n".join(parts)


def _channels(document: Schema) -> Iterator[str]:
    for name, channel in document["channels"].items():
        if not name.endswith(".events"):
            continue
        service = name.removesuffix(".events")
        yield f"## Events of {service}\n"
        yield f"NATS subject: `{channel['address']}`. {channel.get('description', '')}\n"
        for key, reference in channel["messages"].items():
            yield from _message(service, key, deref(reference, document), document)


def _message(service: str, name: str, message: Schema, document: Schema) -> Iterator[str]:
    data = document["components"]["schemas"][name]
    yield f"### {name}\n"
    yield f"{message.get('summary', '')}\n"
    yield f"Type: `{message['name']}`\n"
    yield fields_table(data, document)
    text = json.dumps(event_example(service, message, document), indent=2)
    yield f"```json\n{text}\n```\n"


def event_example(service: str, message: Schema, document: Schema) -> dict[str, Any]:
    """A whole invented event: attributes and data."""
    schema = document["components"]["schemas"][message["title"]]
    return {
        "id": f"{service}-1-42",
        "source": f"/{service}/1",
        "specversion": "1.0",
        "type": message["name"],
        "subject": _SUBJECT,
        "time": "2026-03-16T14:05:00Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:tradehall:schema:{message['name']}",
        "sequence": 42,
        "version": 3,
        "organization": _ORGANIZATION,
        "actor": "0d9f5c1e-6a2b-4c8d-8e7f-1a2b3c4d5e6f",
        "data": example(schema, document),
    }
