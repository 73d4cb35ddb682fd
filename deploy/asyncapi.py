"""The AsyncAPI document of the bus, written by `python -m deploy.asyncapi PATH`.

FastStream generates the messages from the contracts. Which events a service publishes and reads comes from the
service's own tables (deploy.event_tables); streams, consumers and requests come from those of the contracts.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from faststream.nats import NatsBroker
from faststream.security import SASLPlaintext
from faststream.specification import AsyncAPI

from contracts.catalogue import EVENTS
from contracts.envelope import Attributes
from contracts.event import Event
from contracts.nats_config import SERVICES
from contracts.rpc import RPC, Rpc
from contracts.streams import STREAMS, Stream, consumers_of, feeds_of
from deploy.event_tables import EventTables, event_tables

Document = dict[str, Any]
Operations = Iterator[tuple[str, Document]]

_DESCRIPTION = """\
Events and requests of Tradehall's services on NATS, and the events that downstream systems read there.

Each service keeps its events in a JetStream stream, in order, without an age limit. A stream can be filled again from
the service's database: a consumer stores the highest `sequence` of each `source`, and drops events that are not above
it. Fields and events may be added at any time; a consumer ignores those that it does not know."""
_SECURITY = """\
Each service has a user, which may publish the service's events, send and answer the requests listed here, and read
with its durable consumers. A downstream system has a user (`tradehall bus-user add`) whose consumers see the events of
one organization. Connections set `inbox_prefix` to `_INBOX_<user>`."""
_PARAMETERS = {
    "organization": "Id of the organization, or `-` for an event without one.",
    "subject": "Id of the aggregate that the event is about.",
    "event": "Name of the event.",
}


def document() -> Document:
    """The whole, as AsyncAPI 3.0. Starts a temporary database at the first call."""
    tables = event_tables()
    generated = _generated()
    channels = {**_event_channels(tables), **_rpc_channels()}
    for channel in channels.values():
        channel["servers"] = [_ref("servers", "bus")]
    return {
        "asyncapi": "3.0.0",
        "info": {**generated["info"], "license": {"name": "Apache-2.0"}, "tags": [{"name": each} for each in SERVICES]},
        "defaultContentType": "application/json",
        "servers": {"bus": _server()},
        "channels": channels,
        "operations": dict((*_publishing(tables), *_reading(tables), *_downstream(tables), *_asking(), *_answering())),
        "components": {
            "messages": dict((*_events(), *_questions())),
            "schemas": {**generated["components"]["schemas"], "EventHeaders": _event_headers()},
            "securitySchemes": {
                "user-password": {
                    **generated["components"]["securitySchemes"]["user-password"],
                    "description": _SECURITY,
                }
            },
        },
    }


def _generated() -> Document:
    """FastStream's document of a broker that has all our messages; names of schemas become words."""
    broker = NatsBroker("nats://localhost:4222", security=SASLPlaintext("", ""))
    broker.publisher("evt.>", title="Attributes", schema=Attributes)
    for event in EVENTS.values():
        broker.publisher(_subject(event), title=event.event_type(), schema=event)
    for each in RPC.values():
        broker.publisher(each.subject, title=each.subject, schema=each.request)
        broker.publisher(f"{each.subject}.reply", title=f"{each.subject}.reply", schema=each.reply)
    made = AsyncAPI(broker, title="Tradehall", version="1", description=_DESCRIPTION, schema_version="3.0.0")
    whole: Document = made.to_specification().to_jsonable()
    schemas = whole["components"]["schemas"]
    text = json.dumps(dict(sorted(schemas.items())))
    for name in schemas:
        text = text.replace(f'"{name}"', f'"{_word(name)}"').replace(f'/{name}"', f'/{_word(name)}"')
    whole["components"]["schemas"] = json.loads(text)
    return whole


def _server() -> Document:
    return {
        "host": "{host}:{port}",
        "protocol": "nats",
        "description": "nats-server 2.10 or newer, with JetStream",
        "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "4222"}},
        "security": [_ref("components", "securitySchemes", "user-password")],
    }


def _event_channels(tables: EventTables) -> Document:
    """One channel for each stream: `evt.<context>.<organization or ->.<aggregate>.<EventName>`."""
    return {
        f"{context}.events": {
            "address": f"evt.{context}.{{organization}}.{{subject}}.{{event}}",
            "title": f"Events of {context}",
            "description": f"Kept in the stream {stream.name}. Only {stream.owner} publishes in it.",
            "parameters": {name: {"description": text} for name, text in _PARAMETERS.items()},
            "messages": {event.__name__: _message(event.event_type()) for event in tables.published[context]},
            "bindings": _nats(),
            "x-stream": _stream(stream),
        }
        for context, stream in STREAMS.items()
    }


def _rpc_channels() -> Document:
    """Two channels for each request."""
    channels: Document = {}
    for each in RPC.values():
        channels[each.subject] = {
            "address": each.subject,
            "title": _summary(each.request),
            "messages": {"request": _message(each.subject)},
            "bindings": _nats(queue=each.owner),
        }
        channels[f"{each.subject}.reply"] = {
            "address": None,
            "description": "Inbox of the requester, below `_INBOX_<user>.`",
            "messages": {"reply": _message(f"{each.subject}.reply")},
        }
    return channels


def _publishing(tables: EventTables) -> Operations:
    for context, stream in STREAMS.items():
        text = "In the order of the event store, each message once, after the last message of the stream."
        yield _on_events(f"{stream.owner}.publish", "send", context, stream.owner, text, tables.published[context])


def _reading(tables: EventTables) -> Operations:
    for service in SERVICES:
        for durable in (*consumers_of(service), *feeds_of(service)):
            text = "With a durable pull consumer, one message at a time, in order."
            events = tables.read_by(durable)
            name, operation = _on_events(f"{durable.name}.read", "receive", durable.stream.owner, service, text, events)
            yield name, {**operation, "x-durable": durable.name}


def _downstream(tables: EventTables) -> Operations:
    for context in STREAMS:
        text = "With the system's own consumers, which see the events of one organization (`tradehall bus-user add`)."
        events = tables.published[context]
        yield _on_events(f"downstream.{context}.read", "receive", context, "downstream", text, events)


def _asking() -> Operations:
    for each in RPC.values():
        for asker in each.askers:
            yield f"{asker}.ask.{each.subject}", _asked(each, "send", asker)


def _answering() -> Operations:
    for each in RPC.values():
        yield f"{each.owner}.answer.{each.subject}", _asked(each, "receive", each.owner)


def _events() -> Iterator[tuple[str, Document]]:
    """An event is its attributes with one type, and that type's data."""
    for event_type, event in EVENTS.items():
        own = {
            "type": {"const": event_type},
            "dataschema": {"const": event.data_schema()},
            "data": _ref("components", "schemas", event.__name__),
        }
        whole = {"type": "object", "required": ["specversion", "type", "dataschema", "data"], "properties": own}
        yield (
            event_type,
            {
                "name": event_type,
                "title": event.__name__,
                "summary": _summary(event),
                "headers": _ref("components", "schemas", "EventHeaders"),
                "correlationId": {"location": "$message.payload#/correlationid"},
                "payload": {"title": event.__name__, "allOf": [_ref("components", "schemas", "Attributes"), whole]},
            },
        )


def _questions() -> Iterator[tuple[str, Document]]:
    for each in RPC.values():
        for name, model in ((each.subject, each.request), (f"{each.subject}.reply", each.reply)):
            payload = _ref("components", "schemas", _word(model.__name__))
            yield name, {"name": name, "title": _word(model.__name__), "summary": _summary(model), "payload": payload}


def _event_headers() -> Document:
    return {
        "type": "object",
        "required": ["Nats-Msg-Id", "Nats-Expected-Last-Sequence"],
        "properties": {
            "Nats-Msg-Id": {
                "type": "string",
                "pattern": "^[a-z]+-[A-Za-z0-9_-]+-[0-9]+$",
                "description": "The event's `id`, by which the stream drops duplicates.",
            },
            "Nats-Expected-Last-Sequence": {
                "type": "string",
                "pattern": "^[0-9]+$",
                "description": "Last sequence of the stream, by which the stream rejects a relay that was suspended.",
            },
            "traceparent": {
                "type": "string",
                "description": "W3C Trace Context of the request that caused the event, if it is traced.",
            },
        },
    }


def _on_events(
    name: str, action: str, context: str, tag: str, text: str, events: Iterable[type[Event]]
) -> tuple[str, Document]:
    channel = f"{context}.events"
    return name, {
        "action": action,
        "channel": _ref("channels", channel),
        "title": name,
        "description": text,
        "tags": [{"name": tag}],
        "messages": [_ref("channels", channel, "messages", event.__name__) for event in events],
    }


def _asked(each: Rpc[Any, Any], action: str, tag: str) -> Document:
    reply = f"{each.subject}.reply"
    return {
        "action": action,
        "channel": _ref("channels", each.subject),
        "title": _summary(each.request),
        "tags": [{"name": tag}],
        "messages": [_ref("channels", each.subject, "messages", "request")],
        "reply": {"channel": _ref("channels", reply), "messages": [_ref("channels", reply, "messages", "reply")]},
    }


def _stream(stream: Stream) -> Document:
    return {
        "name": stream.name,
        "subjects": list(stream.subjects),
        "storage": "file",
        "duplicate_window_seconds": int(stream.duplicate_window.total_seconds()),
    }


def _subject(event: type[Event]) -> str:
    return f"evt.{event.context}.{{organization}}.{{subject}}.{event.__name__}"


def _nats(**more: str) -> Document:
    return {"nats": {**more, "bindingVersion": "0.1.0"}}


def _message(name: str) -> Document:
    return _ref("components", "messages", name)


def _ref(*parts: str) -> Document:
    return {"$ref": "#/" + "/".join(parts)}


def _word(name: str) -> str:
    """`Reply[Jwks]` as `ReplyJwks`."""
    return name.replace("[", "").replace("]", "")


def _summary(model: type) -> str:
    """The first paragraph of what the model says of itself."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(document(), indent=2) + "\n", encoding="utf-8")
