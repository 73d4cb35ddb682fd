"""Sending on a real mail server: retries, refusals, unknown outcomes, and secrets."""

import json
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Json

from contracts.identity import (
    UserErased,
    UserPasswordChanged,
    UserPasswordResetRequested,
    UserRegistered,
)
from contracts.organizations import MemberInvited, MemberJoined, OrgCreated
from embedded.postgres import Postgres
from notifications.deliveries.domain import Notification
from notifications.mails.registry import MAILS
from notifications.mails.tests.sample_mails import folder
from notifications.tests.fake_answers import PASSWORD, TOKEN, Answers
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import PUBLIC_URL, START, World


def _password_changed(world: World, email: str = "ada@mail.example") -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(email), how="changed"))


def test_a_registration_mail_holds_the_password_that_identity_answers(
    linked: World, answers: Answers, smtp_server: FakeSmtpServer
) -> None:
    user_id = uuid4()
    linked.hears(
        UserRegistered(
            user_id=user_id,
            email="ada@mail.example",
            name=None,
            via="registration",
            generation=3,
            expires_at=linked.clock() + timedelta(hours=24),
        )
    )
    linked.sends()
    [asked] = answers.asked
    assert (asked.purpose, asked.user_id, asked.generation) == ("one-time-password", user_id, 3)
    assert smtp_server.only().recipients == ("ada@mail.example",)
    for form in (smtp_server.only().text, smtp_server.only().html):
        assert PASSWORD in form
        assert f"{PUBLIC_URL}/login" in form
    assert linked.row().state == "sent"


def test_no_secret_is_stored_anywhere(linked: World, smtp_server: FakeSmtpServer) -> None:
    _reset(linked)
    linked.sends()
    assert TOKEN in smtp_server.only().text
    with linked.database.transaction() as cursor:
        tables = cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        for table in tables:
            rows = cursor.execute(f"SELECT t::text AS row FROM {table['tablename']} t".encode()).fetchall()
            assert not any(TOKEN in row["row"] for row in rows), table


def _reset(world: World) -> None:
    expires = world.clock() + timedelta(minutes=60)
    world.hears(UserPasswordResetRequested(user_id=uuid4(), generation=1, expires_at=expires))


def test_a_reset_mail_links_to_the_page_of_its_token(linked: World, smtp_server: FakeSmtpServer) -> None:
    _reset(linked)
    linked.sends()
    assert f"{PUBLIC_URL}/password/reset/{TOKEN}\n" in smtp_server.only().text


def test_an_invitation_names_who_invites_and_links_to_its_page(
    linked: World, answers: Answers, smtp_server: FakeSmtpServer
) -> None:
    inviter = linked.meets("grace@mail.example", "Grace")
    answers.email = "bob@mail.example"
    linked.hears(_invitation(linked, inviter))
    linked.sends()
    letter = smtp_server.only()
    assert letter.recipients == ("bob@mail.example",)
    assert letter.message["Subject"] == "Invitation to Acme on Tradehall"
    assert "Grace invites you" in letter.text
    assert f"{PUBLIC_URL}/invitations/{TOKEN}\n" in letter.text


def _invitation(world: World, inviter: object, name: str = "Acme") -> MemberInvited:
    return MemberInvited.model_validate(
        {
            "organization_id": uuid4(),
            "organization_name": name,
            "invitation_id": uuid4(),
            "email": "bob@mail.example",
            "role": "viewer",
            "expires_at": world.clock() + timedelta(days=7),
            "invited_by": inviter,
            "generation": 1,
        }
    )


def test_a_secret_that_is_no_longer_due_sends_no_mail(
    linked: World, answers: Answers, smtp_server: FakeSmtpServer
) -> None:
    answers.refusal = "no-longer-due"
    _reset(linked)
    linked.sends()
    assert (linked.row().state, linked.row().reason) == ("failed", "no-longer-due")
    assert smtp_server.letters == []


def test_a_revoked_invitation_fails_even_after_an_unknown_outcome(
    linked: World, answers: Answers, smtp_server: FakeSmtpServer
) -> None:
    linked.hears(_invitation(linked, linked.meets("grace@mail.example", "Grace")))
    lost = linked.app.take()
    assert lost is not None
    assert linked.app.sending(lost)  # this was stored, and the answer was lost: nothing went out
    answers.refusal = "invitation-revoked"
    linked.clock.forward(timedelta(seconds=7))
    linked.sends()
    row = linked.row()
    assert (row.state, row.reason, row.outcome_unknown) == ("failed", "invitation-revoked", True)
    assert smtp_server.letters == []


def test_without_the_bus_the_mail_waits(world: World, smtp_server: FakeSmtpServer) -> None:
    _reset(world)
    assert world.sends() == 1
    assert (world.row().state, world.row().reason) == ("requested", "bus-unavailable")
    assert smtp_server.letters == []


def test_a_link_that_has_expired_is_not_mailed(linked: World, answers: Answers, smtp_server: FakeSmtpServer) -> None:
    smtp_server.stop()
    _reset(linked)
    linked.sends()
    linked.clock.forward(timedelta(minutes=61))
    smtp_server.start()
    linked.sends()
    assert (linked.row().state, linked.row().reason) == ("failed", "smtp-unreachable")
    assert smtp_server.letters == []


def test_an_hour_without_the_mail_server_loses_no_mail(world: World, smtp_server: FakeSmtpServer) -> None:
    smtp_server.stop()
    for number in range(3):
        _password_changed(world, f"user{number}@mail.example")
    for _ in range(60):
        world.sends()
        world.clock.forward(timedelta(minutes=1))
    assert {row.reason for row in world.rows()} == {"smtp-unreachable"}
    attempts = [row.attempts for row in world.rows()]
    assert 15 <= min(attempts) <= max(attempts) <= 30, "delays rise to minutes"
    smtp_server.start()
    world.clock.forward(timedelta(minutes=7))
    world.sends()
    assert sorted(letter.recipients[0] for letter in smtp_server.letters) == [
        "user0@mail.example",
        "user1@mail.example",
        "user2@mail.example",
    ]
    assert {row.state for row in world.rows()} == {"sent"}
    assert not any(row.outcome_unknown for row in world.rows())


def test_a_mail_is_given_up_after_a_day(world: World, smtp_server: FakeSmtpServer) -> None:
    smtp_server.to_recipient = "450 later"
    _password_changed(world)
    world.sends()
    assert (world.row().state, world.row().reason) == ("requested", "smtp-450")
    world.clock.forward(timedelta(hours=24))
    world.sends()
    assert (world.row().state, world.row().reason, world.row().attempts) == ("failed", "smtp-450", 2)


@pytest.mark.parametrize("stage", ["to_recipient", "to_mail"])
def test_a_permanently_refused_recipient_fails_with_the_servers_code(
    world: World, smtp_server: FakeSmtpServer, stage: str
) -> None:
    setattr(smtp_server, stage, "550 no such mailbox")
    _password_changed(world)
    world.sends()
    assert (world.row().state, world.row().reason, world.row().attempts) == ("failed", "smtp-550", 1)


@pytest.mark.parametrize("stage", ["to_recipient", "to_mail"])
def test_a_temporarily_refused_mail_is_retried_after_seconds(
    world: World, smtp_server: FakeSmtpServer, stage: str
) -> None:
    setattr(smtp_server, stage, "451 try again")
    _password_changed(world)
    assert world.sends() == 1
    due_at = world.row().due_at
    assert due_at is not None
    assert timedelta(seconds=1) < due_at - world.clock() < timedelta(seconds=3)
    setattr(smtp_server, stage, None)
    world.clock.forward(timedelta(seconds=3))
    world.sends()
    assert (world.row().state, world.row().attempts) == ("sent", 2)
    assert not world.row().outcome_unknown
    assert len(smtp_server.letters) == 1


def test_wrong_smtp_credentials_delay_the_mail(world: World, smtp_server: FakeSmtpServer) -> None:
    smtp_server.to_recipient = "530 authentication required"
    _password_changed(world)
    world.sends()
    assert (world.row().state, world.row().reason) == ("requested", "smtp-530")


@pytest.mark.parametrize("drops", ["after-354", "after-mail"])
def test_a_connection_lost_in_the_mail_leaves_the_outcome_unknown_and_the_mail_is_sent_again(
    world: World, smtp_server: FakeSmtpServer, drops: str
) -> None:
    smtp_server.drops = drops
    _password_changed(world)
    world.sends()
    row = world.row()
    assert (row.state, row.reason, row.outcome_unknown) == ("requested", "smtp-broke-off", True)
    smtp_server.drops = None
    world.clock.forward(timedelta(seconds=3))
    world.sends()
    assert (world.row().state, world.row().attempts, world.row().outcome_unknown) == ("sent", 2, True)
    ids = {letter.message["Message-ID"] for letter in smtp_server.letters}
    assert ids == {f"<{row.id}@hall.example>"}
    sent = [one.event for one in world.app.read(0, 100) if isinstance(one.event, Notification.Sent)]
    assert [event.outcome_unknown for event in sent] == [True]


def test_losing_the_database_while_sending_leaves_no_unknown_outcome(
    world: World, smtp_server: FakeSmtpServer, postgres_dsn: str, postgres_server: Postgres
) -> None:
    smtp_server.holds = True
    _password_changed(world)
    name = conninfo_to_dict(postgres_dsn)["dbname"]
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_server.admin_dsn, autocommit=True) as admin:
        sending = pool.submit(world.sends, attempts=1)
        assert smtp_server.arrived.wait(10)
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        smtp_server.released.set()
        assert not wait([sending], timeout=1).done, "it waits until it can tell"
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        sending.result(20)
    assert (world.row().state, world.row().attempts, world.row().outcome_unknown) == ("sent", 1, False)
    assert len(smtp_server.letters) == 1


def test_a_worker_that_died_while_sending_leaves_the_outcome_unknown(world: World, smtp_server: FakeSmtpServer) -> None:
    _password_changed(world)
    lost = world.app.take()
    assert lost is not None
    assert world.app.sending(lost)
    assert world.sends() == 0, "the lease holds"
    world.clock.forward(timedelta(seconds=7))
    world.sends()
    assert (world.row().state, world.row().attempts, world.row().outcome_unknown) == ("sent", 2, True)
    world.app.sent(lost)  # it was frozen, and goes on
    assert world.row().attempts == 2
    assert len(smtp_server.letters) == 1


def test_a_worker_that_died_before_sending_leaves_no_unknown_outcome(world: World, smtp_server: FakeSmtpServer) -> None:
    _password_changed(world)
    lost = world.app.take()
    assert lost is not None
    world.clock.forward(timedelta(seconds=7))
    world.sends()
    assert (world.row().state, world.row().outcome_unknown) == ("sent", False)
    assert not world.app.sending(lost), "a worker that was frozen meanwhile sends nothing"


def test_a_recipient_whose_registration_arrives_later_gets_the_mail_then(
    world: World, smtp_server: FakeSmtpServer
) -> None:
    user_id, organization_id = uuid4(), uuid4()
    world.hears(OrgCreated(organization_id=organization_id, name="Acme", owner=uuid4()))
    world.hears(MemberJoined(organization_id=organization_id, user_id=user_id, role="viewer"))
    world.sends()
    assert (world.row().state, world.row().reason) == ("requested", "recipient-not-known-yet")
    world.hears(UserRegistered(user_id=user_id, email="late@mail.example", name=None, via="invitation"))
    world.clock.forward(timedelta(seconds=3))
    world.sends()
    assert smtp_server.only().recipients == ("late@mail.example",)
    assert "“Acme”" in smtp_server.only().text


def test_an_unknown_name_delays_a_mail_only_briefly(world: World, smtp_server: FakeSmtpServer) -> None:
    user_id = world.meets()
    world.hears(MemberJoined(organization_id=uuid4(), user_id=user_id, role="viewer"))
    world.sends()
    assert world.row().reason == "organization-not-known-yet"
    world.clock.forward(timedelta(seconds=61))
    world.sends()
    assert "“an organization”" in smtp_server.only().text


def test_an_erased_user_gets_no_mail_and_no_data_are_left(world: World, smtp_server: FakeSmtpServer) -> None:
    user_id = world.meets("gone@mail.example", "Gone")
    world.hears(UserPasswordChanged(user_id=user_id, how="reset"))
    world.hears(UserErased(user_id=user_id))
    world.sends()
    assert (world.row().state, world.row().reason) == ("failed", "recipient-erased")
    assert smtp_server.letters == []
    person = world.recipients.user(user_id)
    assert person is not None
    assert (person.email, person.name, person.erased) == (None, None, True)


def test_deliveries_queued_by_release_0_1_0_are_sent(linked: World, smtp_server: FakeSmtpServer) -> None:
    examples = {mail.name: folder(mail) / "examples" / "0.1.0.json" for mail in MAILS.values()}
    released = {name: json.loads(path.read_text()) for name, path in examples.items() if path.exists()}
    assert len(released) == 12
    for name, stored in released.items():
        stored["at"] = START.isoformat()
        for user in {"user_id", "other_id"} & stored.keys():
            linked.recipients.add_user(UUID(stored[user]), f"{stored[user]}@mail.example", None)
        linked.app.request(name, f"identity-e1-{name}", linked.mails.context(name, stored))
        linked.database.execute("UPDATE deliveries SET occasion = %s WHERE template = %s", (Json(stored), name))
    linked.clock.forward(timedelta(minutes=2))  # the organization's name is not known
    linked.sends()
    assert {row.template: (row.state, row.reason) for row in linked.rows()} == dict.fromkeys(released, ("sent", None))
    assert len(smtp_server.letters) == len(released)
