"""Which events lead to which mails, once each, whatever is redelivered or arrives in another order."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.event import Event
from contracts.identity import (
    ClientCreated,
    ClientSecretExpiring,
    ClientSecretIssued,
    UserPasswordChanged,
    UserPasswordResetRequested,
    UserRegistered,
    UserRegistrationRepeated,
    UserRenamed,
    UserSignedIn,
)
from contracts.organizations import (
    InvitationResent,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    OrgCreated,
    OrgRenamed,
)
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import START, World

ADA, BOB, HALL, CLIENT = (UUID(int=number) for number in range(1, 5))
SOON = START + timedelta(hours=1)
_INVITED: dict[str, Any] = {
    "organization_id": HALL,
    "organization_name": "Acme",
    "invitation_id": UUID(int=9),
    "email": "bob@mail.example",
    "expires_at": SOON,
    "invited_by": ADA,
    "generation": 1,
}
_OF_CLIENT: dict[str, Any] = {"client": CLIENT, "client_id": "thc_1", "organization_id": HALL}
_REGISTERED: dict[str, Any] = {"user_id": ADA, "email": "ada@mail.example", "name": None}
_SIGNED_IN: dict[str, Any] = {
    "user_id": ADA,
    "session_id": UUID(int=7),
    "how": "password",
    "address": "203.0.113.7",
    "device": "Firefox on Linux",
}

CASES: list[tuple[Event, list[tuple[str, UUID | None]]]] = [
    (
        UserRegistered(**_REGISTERED, via="registration", generation=1, expires_at=SOON),
        [("registration", ADA)],
    ),
    (UserRegistered(**_REGISTERED, via="invitation"), []),
    (UserRegistrationRepeated(user_id=ADA), [("registration-known", ADA)]),
    (UserRegistrationRepeated(user_id=ADA, generation=2, expires_at=SOON), [("registration", ADA)]),
    (UserPasswordResetRequested(user_id=ADA, generation=1, expires_at=SOON), [("password-reset", ADA)]),
    (UserPasswordChanged(user_id=ADA, how="changed"), [("password-changed", ADA)]),
    (UserPasswordChanged(user_id=ADA, how="reset"), [("password-changed", ADA)]),
    (UserPasswordChanged(user_id=ADA, how="chosen"), []),
    (UserSignedIn(**_SIGNED_IN, new_device=True), [("new-device", ADA)]),
    (UserSignedIn(**_SIGNED_IN), []),
    (UserRenamed(user_id=ADA, name="Ada"), []),
    (ClientCreated(**_OF_CLIENT, name="bot", scopes=(), created_by=ADA), [("client-created", ADA)]),
    (
        ClientSecretIssued(
            **_OF_CLIENT, client_name="bot", secret_id=UUID(int=8), name="two", expires_at=None, issued_by=ADA
        ),
        [("secret-issued", ADA)],
    ),
    (
        ClientSecretExpiring(
            **_OF_CLIENT, client_name="bot", secret_id=UUID(int=8), name="two", expires_at=SOON, user_id=ADA
        ),
        [("secret-expiring", ADA)],
    ),
    (OrgCreated(organization_id=HALL, name="Acme", owner=ADA), []),
    (MemberInvited(**_INVITED, role="viewer"), [("invitation", None)]),
    (InvitationResent(**_INVITED), [("invitation", None)]),
    (
        MemberJoined(organization_id=HALL, user_id=BOB, role="viewer", invited_by=ADA),
        [("joined", BOB), ("member-joined", ADA)],
    ),
    (MemberJoined(organization_id=HALL, user_id=BOB, role="viewer"), [("joined", BOB)]),
    (MemberRemoved(organization_id=HALL, user_id=BOB, how="removed"), [("removed", BOB)]),
    (MemberRemoved(organization_id=HALL, user_id=BOB, how="left"), []),
]


@pytest.mark.parametrize(
    ("event", "mails"), CASES, ids=[f"{type(event).__name__}-{n}" for n, (event, _) in enumerate(CASES)]
)
def test_a_repeated_event_sends_its_mails_once(
    world: World, event: Event, mails: list[tuple[str, UUID | None]]
) -> None:
    message = world.hears(event)
    assert world.takes(event.context, message) == "seen"
    world.database.execute("DELETE FROM inbox")  # as after another replica's restore: only the id is left
    world.takes(event.context, message)
    assert sorted((row.template, row.user_id) for row in world.rows()) == sorted(mails, key=str)
    queued = world.database.all("SELECT notification_id FROM deliveries")
    assert {row["notification_id"] for row in queued} == {row.id for row in world.rows()}


def test_two_requests_are_two_mails(world: World) -> None:
    for _ in range(2):
        world.hears(UserPasswordChanged(user_id=ADA, how="changed"))
    assert len(world.rows()) == 2


def test_the_first_secret_of_a_client_has_no_separate_mail(world: World) -> None:
    issued = ClientSecretIssued(
        **_OF_CLIENT, client_name="bot", secret_id=uuid4(), name="first", expires_at=None, issued_by=ADA
    )
    world.hears(ClientCreated(**_OF_CLIENT, name="bot", scopes=(), created_by=ADA), version=1)
    world.hears(issued, version=2)
    assert [row.template for row in world.rows()] == ["client-created"]
    world.hears(issued, version=3)  # of whatever request: its id is the caller's to choose
    assert {row.template for row in world.rows()} == {"client-created", "secret-issued"}


def test_names_are_read_when_the_mail_is_sent(world: World, smtp_server: FakeSmtpServer) -> None:
    member = world.meets("bob@mail.example", "Bob")
    inviter = world.meets("ada@mail.example", None)
    world.hears(OrgCreated(organization_id=HALL, name="Acme", owner=inviter))
    world.hears(MemberJoined(organization_id=HALL, user_id=member, role=None, invited_by=inviter))
    world.hears(OrgRenamed.model_validate({"organization_id": HALL, "from": "Acme", "to": "Zenith"}))
    world.hears(UserRenamed(user_id=member, name="Robert"))
    world.sends()
    texts = {letter.recipients[0]: letter.text for letter in smtp_server.letters}
    assert "“Zenith”" in texts["bob@mail.example"]
    assert "Robert accepted your invitation" in texts["ada@mail.example"]


def test_a_new_device_is_described_and_not_stored_after_the_mail(world: World, smtp_server: FakeSmtpServer) -> None:
    world.hears(UserSignedIn(**(_SIGNED_IN | {"user_id": world.meets("ada@mail.example")}), new_device=True))
    bob = {"user_id": world.meets("bob@mail.example"), "device": None, "address": None}
    world.hears(UserSignedIn(**(_SIGNED_IN | bob), new_device=True))
    world.sends()
    texts = {letter.recipients[0]: letter.text for letter in smtp_server.letters}
    assert "Firefox on Linux" in texts["ada@mail.example"]
    assert "203.0.113.7" in texts["ada@mail.example"]
    assert "Device: unknown\nIP address: unknown\n" in texts["bob@mail.example"]
    rows = str([dict(row) for table in ("deliveries", "notifications") for row in _all(world, table)])
    assert "203.0.113.7" not in rows


def _all(world: World, table: str) -> Sequence[dict[str, Any]]:
    return world.database.all(f"SELECT * FROM {table}")


def test_all_events_of_a_mail_have_the_correlation_of_its_request(world: World) -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(), how="changed"), correlation="request-7")
    world.sends()
    events = [one.event for one in world.app.read(0, 100)]
    assert [type(event).__name__ for event in events] == ["Requested", "Sent"]
    assert {event.correlation for event in events} == {"request-7"}
    assert {event.causation for event in events} == {world.row().cause}


def test_events_contain_no_personal_data(world: World) -> None:
    world.hears(MemberInvited(**_INVITED, role="viewer"))
    world.hears(UserRegistered(**_REGISTERED, via="registration", generation=1, expires_at=SOON))
    stored = world.database.all("SELECT state FROM events")
    assert len(stored) == 2
    assert not any(b"@mail.example" in bytes(row["state"]) for row in stored)
