"""Publication: every private event is published, or private on purpose."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import Envelope
from identity.service import PUBLICATIONS
from identity.tests.container import PASSWORD, ContainerFixture
from identity.tests.test_history import AGGREGATES, events_of
from identity.users.events import PRIVATE
from kit.context import acting

Told = list[tuple[str, dict[str, Any]]]


def told(parts: ContainerFixture) -> Told:
    """(name, data) of each message, without the user's id."""
    messages = [PUBLICATIONS.message(each, "e1") for each in parts.store.read(0, 10_000)]
    envelopes = [Envelope.parse(message.body) for message in messages if message]
    return [(type(each.data).__name__, each.data.model_dump(exclude={"user_id", "session_id"})) for each in envelopes]


def test_every_event_is_published_or_private_on_purpose() -> None:
    assert {*PUBLICATIONS, *PRIVATE} == events_of(*AGGREGATES)
    assert not PRIVATE & {*PUBLICATIONS}


def test_a_registration_is_published_in_order(parts: ContainerFixture) -> None:
    expires_at = parts.clock() + timedelta(hours=24)
    parts.with_password("Ann@example.com")
    one_time = {"generation": 1, "expires_at": expires_at}
    device = {"new_device": False, "device": None}
    assert told(parts) == [
        ("UserRegistered", {"email": "Ann@example.com", "name": None, "via": "registration", **one_time}),
        ("UserEmailVerified", {}),
        ("UserSignedIn", {"how": "one-time-password", "address": "10.0.0.1", **device}),
        ("UserPasswordChanged", {"how": "chosen"}),
    ]


def test_the_registration_of_an_invited_user_causes_no_mail(parts: ContainerFixture) -> None:
    parts.passwords.choose_invited("bob@example.com", PASSWORD)
    name, data = told(parts)[0]
    assert (name, data["via"], data["generation"]) == ("UserRegistered", "invitation", None)
    assert [each[0] for each in told(parts)[1:]] == ["UserEmailVerified", "UserPasswordChanged"]


def test_events_of_an_erased_user_have_no_address_and_name(parts: ContainerFixture) -> None:
    session, _ = parts.with_password("ann@example.com")
    parts.users.rename(session.user_id, "Ann")
    parts.subjects.destroy(str(session.user_id))
    first, *_, last = told(parts)
    assert (first[1]["email"], last) == (None, ("UserRenamed", {"name": None}))


def test_a_message_names_actor_and_cause(parts: ContainerFixture) -> None:
    session, _ = parts.with_password("ann@example.com")
    with acting(actor=str(session.user_id), correlation="request-1"):
        parts.users.rename(session.user_id, "Ann")
    recorded = parts.store.read(0, 100)[-1]
    message = PUBLICATIONS.message(recorded, "e1")
    assert message is not None
    envelope = Envelope.parse(message.body)
    assert (envelope.actor, envelope.correlationid) == (str(session.user_id), "request-1")
    assert message.message_id == f"identity-e1-{recorded.sequence}"
    assert message.subject == f"evt.identity.-.{session.user_id}.UserRenamed"


@pytest.mark.parametrize("secret", ["argon2", PASSWORD, "ths_", "thr_"])
def test_no_message_holds_a_secret(parts: ContainerFixture, secret: str) -> None:
    parts.with_password("ann@example.com")
    parts.registration.request_reset("ann@example.com")
    parts.decide_all()
    one_time = parts.one_time_password("ann@example.com")
    for recorded in parts.store.read(0, 100):
        message = PUBLICATIONS.message(recorded, "e1")
        body = message.body.decode() if message else ""
        assert secret not in body
        assert one_time not in body


def test_messages_fit_the_released_schemas(parts: ContainerFixture) -> None:
    schemas = Path(__file__).parents[4] / "docs" / "asyncapi" / "schemas"
    parts.with_password("ann@example.com")
    for recorded in parts.store.read(0, 100):
        message = PUBLICATIONS.message(recorded, "e1")
        if message:
            event = json.loads(message.body)
            required = json.loads((schemas / f"{event['type']}.json").read_text()).get("required", [])
            assert set(required) <= set(event["data"])
