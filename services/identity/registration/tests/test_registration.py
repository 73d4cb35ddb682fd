"""Registrations: one answer for all, decided by the worker."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from identity.tests.container import ContainerFixture
from identity.users.domain import User
from kit.context import acting
from kit.db.database import Database
from kit.errors import Invalid
from kit.eventstore.rebuild import rebuild
from testing.clock import Clock


def test_a_new_address_becomes_a_user_with_a_one_time_password(parts: ContainerFixture, clock: Clock) -> None:
    user = parts.registered("Ann@Example.com")
    assert (user.email, user.name, user.verified) == ("Ann@Example.com", None, False)
    assert user.one_time_password_is_good(1, clock() + timedelta(hours=23, minutes=59))
    assert not user.one_time_password_is_good(1, clock() + timedelta(hours=24))


def test_an_address_is_unknown_until_the_worker_decides(parts: ContainerFixture) -> None:
    parts.registration.register("ann@example.com")
    assert parts.views.credentials("ann@example.com") is None


def test_a_pending_request_is_encrypted_and_deleted_once_decided(parts: ContainerFixture) -> None:
    parts.registration.register("ann@example.com")
    row = parts.database.one("SELECT wish FROM intake")
    assert row is not None
    assert b"ann" not in bytes(row["wish"])
    parts.decide_all()
    assert parts.database.one("SELECT FROM intake") is None


def test_an_address_that_never_signed_in_gets_a_new_one_time_password(parts: ContainerFixture, clock: Clock) -> None:
    parts.registered("ann@example.com")
    first = parts.one_time_password("ann@example.com")
    user = parts.registered("ANN@EXAMPLE.COM")
    assert user.one_time_generation == 2
    assert parts.one_time_password("ann@example.com") != first
    assert parts.events() == ["Registered", "RegistrationRepeated"]


def test_registering_a_known_address_changes_nothing(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com")
    user = parts.registered("ann@example.com")
    assert user.one_time_generation == 1
    repeated = parts.store.read(0, 100)[-1].event
    assert isinstance(repeated, User.RegistrationRepeated)
    assert repeated.generation is None


def test_an_address_gets_at_most_three_mails_an_hour(parts: ContainerFixture, clock: Clock) -> None:
    for _ in range(5):
        parts.registered("ann@example.com")
    assert parts.user("ann@example.com").one_time_generation == 3
    clock.forward(timedelta(minutes=61))
    assert parts.registered("ann@example.com").one_time_generation == 4


def test_resets_count_like_registrations(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com")
    for _ in range(5):
        parts.registration.request_reset("ann@example.com")
    parts.decide_all()
    assert parts.events().count("PasswordResetRequested") == 2


def test_a_reset_of_an_unknown_address_writes_the_same_rows(parts: ContainerFixture) -> None:
    parts.registration.request_reset("nobody@example.com")
    parts.decide_all()
    assert parts.events() == []
    assert len(parts.database.all("SELECT FROM mails_asked")) == 1


@pytest.mark.parametrize(
    "email",
    [
        "no-at-sign",
        "two@at@example.com",
        "ann@example.com\r\nBcc: all@example.com",
        "ann@exa mple.com",
        "a" * 300 + "@example.com",
        "ann@" + "b" * 250 + ".com",
        "",
        "ann@localhost",
        "ann\u202e@example.com",
        "ann\x00@example.com",
    ],
)
def test_invalid_addresses_are_refused_and_not_stored(parts: ContainerFixture, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parts.registration.register(email)
    assert refusal.value.errors[0].field == "email"
    assert parts.database.one("SELECT FROM intake") is None


def test_homographs_are_two_users(parts: ContainerFixture) -> None:
    latin = parts.registered("ann@example.com")
    cyrillic = parts.registered("аnn@example.com")  # noqa: RUF001 - a Cyrillic a
    assert latin.id != cyrillic.id


def test_fifty_registrations_at_once_give_one_user(parts: ContainerFixture) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(parts.registration.register, ["ann@example.com"] * 50))
        list(pool.map(lambda _: parts.decide_all(), range(4)))
    assert parts.events().count("Registered") == 1
    assert len(parts.database.all("SELECT FROM people")) == 1
    assert parts.database.one("SELECT FROM intake") is None


def test_only_the_named_domains_may_register(database: Database, clock: Clock) -> None:
    parts = ContainerFixture(database, clock, registration="example.org, münchen.de")
    for email in ("ann@example.com", "ann@münchen.de", "ann@sub.münchen.de"):
        parts.registration.register(email)
    parts.decide_all()
    assert parts.views.credentials("ann@münchen.de") is not None
    assert parts.events() == ["Registered"]


def test_only_the_first_user_is_operator(parts: ContainerFixture) -> None:
    first, second = parts.registered("ann@example.com"), parts.registered("bob@example.com")
    assert parts.users.find(first.id).operator
    assert not parts.users.find(second.id).operator


def test_the_event_keeps_the_id_of_the_http_request(parts: ContainerFixture) -> None:
    with acting(correlation="request-1"):
        parts.registration.register("ann@example.com")
    parts.decide_all()
    assert parts.store.read(0, 10)[0].event.correlation == "request-1"


def test_an_unreadable_request_does_not_block_those_behind_it(parts: ContainerFixture) -> None:
    parts.database.execute("INSERT INTO intake (wish) VALUES ('rubbish')")
    parts.registered("ann@example.com")
    kept = parts.database.one("SELECT failures FROM intake")
    assert kept == {"failures": 3}


def test_the_event_store_holds_no_readable_address(parts: ContainerFixture) -> None:
    parts.registered("ann@example.com")
    row = parts.database.one("SELECT state FROM events")
    assert row is not None
    assert b"ann" not in bytes(row["state"])


def test_rebuilt_views_hold_nothing_of_a_user_without_key(parts: ContainerFixture) -> None:
    user = parts.registered("ann@example.com")
    parts.subjects.destroy(str(user.id))
    rebuild(parts.store)
    assert parts.users.find(user.id).email is None
    assert parts.views.credentials("ann@example.com") is None
