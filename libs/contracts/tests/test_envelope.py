"""The envelope on the wire: what is written, what is read, and what is refused."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.catalogue import EVENTS
from contracts.envelope import Envelope, MalformedEvent, UnknownEvent, parse_message
from contracts.event import Event
from contracts.identity import UserRegistered
from contracts.organizations import OrgRenamed

from .examples import example

ORGANIZATION = UUID("0c5a4ab4-7b3c-4d7e-8c5f-2f4f3c1d9a10")


def envelope(event: Event, **changes: Any) -> Envelope:
    place: dict[str, Any] = {
        "context": event.context,
        "epoch": "1",
        "sequence": 42,
        "version": 3,
        "aggregate_id": ORGANIZATION,
        "time": datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
    }
    return Envelope.of(event, **(place | changes))


def renamed() -> OrgRenamed:
    return OrgRenamed(organization_id=ORGANIZATION, from_="Old", to="New")


def altered(**changes: Any) -> bytes:
    content = json.loads(envelope(renamed()).to_json()) | changes
    return json.dumps({name: value for name, value in content.items() if value is not ...}).encode()


@pytest.mark.parametrize("event_class", EVENTS.values(), ids=EVENTS.keys())
def test_every_event_survives_a_round_trip(event_class: type[Event]) -> None:
    sent = envelope(example(event_class), organization=uuid4(), actor="u", correlationid="c")

    assert Envelope.parse(sent.to_json()) == sent


def test_the_wire_form_is_a_cloudevent() -> None:
    written = json.loads(envelope(renamed(), organization=ORGANIZATION, causationid="identity-1-7").to_json())

    assert written == {
        "specversion": "1.0",
        "id": "organizations-1-42",
        "source": "/organizations/1",
        "type": "tradehall.organizations.OrgRenamed.v1",
        "subject": str(ORGANIZATION),
        "time": "2026-01-02T03:04:05.000600Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:tradehall:schema:tradehall.organizations.OrgRenamed.v1",
        "sequence": 42,
        "version": 3,
        "organization": str(ORGANIZATION),
        "causationid": "identity-1-7",
        "data": {"organization_id": str(ORGANIZATION), "from": "Old", "to": "New"},
    }


def test_the_bus_subject_names_organization_aggregate_and_event() -> None:
    user = uuid4()
    registered = UserRegistered(user_id=user, email=None, name=None, via="invitation")

    assert envelope(registered, aggregate_id=user).bus_subject == f"evt.identity.-.{user}.UserRegistered"
    assert (
        envelope(renamed(), organization=ORGANIZATION).bus_subject
        == f"evt.organizations.{ORGANIZATION}.{ORGANIZATION}.OrgRenamed"
    )


def test_erased_personal_fields_stay_in_the_data_as_null() -> None:
    registered = UserRegistered(user_id=uuid4(), email=None, name=None, via="registration")

    assert json.loads(envelope(registered).to_json())["data"]["email"] is None


def test_unknown_fields_are_ignored() -> None:
    data = {"organization_id": str(ORGANIZATION), "from": "Old", "to": "New", "why": "a merger"}

    assert Envelope.parse(altered(partitionkey="7", data=data)) == envelope(renamed())


def test_an_unknown_limit_is_an_error() -> None:
    limits = {"platforms": None, "accounts": [1]}
    joined = {"organization_id": str(uuid4()), "user_id": str(uuid4()), "role": None, "limits": limits}

    with pytest.raises(MalformedEvent, match=r"limits\.accounts"):
        Envelope.parse(altered(type="tradehall.organizations.MemberJoined.v1", data=joined))


def test_an_unknown_type_keeps_its_routing_attributes() -> None:
    payload = altered(type="tradehall.organizations.OrgMerged.v1", data={"any": "thing"})

    with pytest.raises(UnknownEvent) as caught:
        Envelope.parse(payload)

    assert caught.value.attributes.source == "/organizations/1"
    assert caught.value.attributes.sequence == 42
    parsed = parse_message(payload)
    assert parsed.attributes == caught.value.attributes
    assert (parsed.envelope, parsed.error) == (None, None)


def test_malformed_data_keeps_its_routing_attributes() -> None:
    with pytest.raises(MalformedEvent, match=r"data: from: Field required") as caught:
        Envelope.parse(altered(data={"organization_id": str(ORGANIZATION), "to": "New"}))

    assert caught.value.attributes is not None
    assert caught.value.attributes.subject == str(ORGANIZATION)


def test_malformed_attributes_keep_their_routing_attributes() -> None:
    parsed = parse_message(altered(time="yesterday", organization="*"))

    assert parsed.envelope is None
    assert isinstance(parsed.error, MalformedEvent)
    assert parsed.attributes is not None
    assert (parsed.attributes.source, parsed.attributes.sequence) == ("/organizations/1", 42)
    assert parsed.attributes.subject == str(ORGANIZATION)


def test_a_message_without_routing_attributes_has_none() -> None:
    parsed = parse_message(altered(id=...))

    assert (parsed.attributes, parsed.envelope) == (None, None)
    assert isinstance(parsed.error, MalformedEvent)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"sequence": NaN}',
        b"[" * 100_000,
        altered(specversion="0.3"),
        altered(id=...),
        altered(sequence=0),
        altered(time="2026-01-02T03:04:05"),
        altered(time="yesterday"),
        altered(subject="a.b"),
        altered(subject=">"),
        altered(organization="*"),
        altered(source="/identity/1"),
        altered(data=...),
        altered(data=[]),
    ],
)
def test_anything_else_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedEvent):
        Envelope.parse(payload)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"[]", "not a JSON object"),
        (altered(data={"organization_id": str(ORGANIZATION), "to": "New"}), "data: from: Field required"),
    ],
)
def test_what_is_wrong_is_said(payload: bytes, said: str) -> None:
    with pytest.raises(MalformedEvent) as caught:
        Envelope.parse(payload)
    assert str(caught.value) == said


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownEvent) as caught:
        Envelope.parse(altered(type="tradehall.organizations.OrgMerged.v1"))
    assert str(caught.value) == "no event of type tradehall.organizations.OrgMerged.v1 is known here"


@pytest.mark.parametrize("changes", [{"id": "x"}, {"id": "x" * 256}, {"sequence": 1}, {"version": 1}])
def test_values_at_the_limit_are_read(changes: dict[str, Any]) -> None:
    assert parse_message(altered(**changes)).error is None


@pytest.mark.parametrize("changes", [{"id": ""}, {"id": "x" * 257}, {"sequence": 0}, {"version": 0}])
def test_values_beyond_the_limit_are_malformed(changes: dict[str, Any]) -> None:
    assert parse_message(altered(**changes)).error is not None


@pytest.mark.parametrize("sequence", [b'"first"', b"[]", b"1e999"])
def test_a_message_whose_sequence_is_no_number_has_no_attributes(sequence: bytes) -> None:
    parsed = parse_message(altered().replace(b'"sequence": 42', b'"sequence": ' + sequence))
    assert parsed.attributes is None
    assert parsed.error is not None


def test_what_is_no_number_in_json_is_no_json() -> None:
    with pytest.raises(MalformedEvent, match="not JSON"):
        Envelope.parse(altered(added=float("nan")))


@given(st.binary())
def test_any_other_bytes_are_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedEvent):
        Envelope.parse(payload)


def test_errors_do_not_contain_the_value() -> None:
    with pytest.raises(MalformedEvent) as caught:
        Envelope.parse(altered(data={"organization_id": "ann@example.com", "from": "Old", "to": "New"}))

    assert "ann@example.com" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"context": "identity"}, {"epoch": "a.b"}, {"aggregate_id": "a b"}])
def test_an_invalid_envelope_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        envelope(renamed(), **wrong)


def test_no_event_has_a_field_for_a_secret() -> None:
    names = {name for event in EVENTS.values() for name in event.model_fields}

    assert not {name for name in names if any(word in name for word in ("password", "token", "link", "key"))}
    assert {name for name in names if "secret" in name} == {"secret_id"}
