"""Registrations: one answer for all, decided by the worker."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from identity.people.domain import User
from identity.tests.parts import Parts
from kit.context import acting
from kit.db.database import Database
from kit.errors import Invalid
from kit.eventstore.rebuild import rebuild
from testing.clock import Clock


def test_a_new_address_becomes_a_user_with_a_one_time_password(parts: Parts, clock: Clock) -> None:
    user = parts.registered("Ann@Example.com")
    assert (user.email, user.name, user.verified) == ("Ann@Example.com", None, False)
    assert user.one_time_password_is_good(1, clock() + timedelta(hours=23, minutes=59))
    assert not user.one_time_password_is_good(1, clock() + timedelta(hours=24))


def test_nobody_is_known_before_the_worker_decides(parts: Parts) -> None:
    parts.registration.register("ann@example.com")
    assert parts.views.credentials("ann@example.com") is None


def test_the_waiting_row_tells_nothing_and_is_gone_afterwards(parts: Parts) -> None:
    parts.registration.register("ann@example.com")
    row = parts.database.one("SELECT wish FROM intake")
    assert row is not None
    assert b"ann" not in bytes(row["wish"])
    parts.decide_all()
    assert parts.database.one("SELECT FROM intake") is None


def test_an_address_that_never_signed_in_gets_a_new_one_time_password(parts: Parts, clock: Clock) -> None:
    parts.registered("ann@example.com")
    first = parts.one_time_password("ann@example.com")
    user = parts.registered("ANN@EXAMPLE.COM")
    assert user.one_time_generation == 2
    assert parts.one_time_password("ann@example.com") != first
    assert parts.events() == ["Registered", "RegistrationRepeated"]


def test_the_owner_of_an_account_is_told_and_nothing_changes(parts: Parts) -> None:
    parts.with_password("ann@example.com")
    user = parts.registered("ann@example.com")
    assert user.one_time_generation == 1
    repeated = parts.store.read(0, 100)[-1].event
    assert isinstance(repeated, User.RegistrationRepeated)
    assert repeated.generation is None


def test_an_address_gets_at_most_three_mails_an_hour(parts: Parts, clock: Clock) -> None:
    for _ in range(5):
        parts.registered("ann@example.com")
    assert parts.user("ann@example.com").one_time_generation == 3
    clock.forward(timedelta(minutes=61))
    assert parts.registered("ann@example.com").one_time_generation == 4


def test_resets_count_like_registrations(parts: Parts) -> None:
    parts.with_password("ann@example.com")
    for _ in range(5):
        parts.registration.request_reset("ann@example.com")
    parts.decide_all()
    assert parts.events().count("PasswordResetRequested") == 2


def test_an_unknown_address_costs_the_same_rows_at_a_reset(parts: Parts) -> None:
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
def test_what_is_no_address_is_refused_and_not_stored(parts: Parts, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parts.registration.register(email)
    assert refusal.value.errors[0].field == "email"
    assert parts.database.one("SELECT FROM intake") is None


def test_homographs_are_two_people(parts: Parts) -> None:
    latin = parts.registered("ann@example.com")
    cyrillic = parts.registered("аnn@example.com")  # noqa: RUF001 - a Cyrillic a
    assert latin.id != cyrillic.id


def test_fifty_registrations_at_once_give_one_user(parts: Parts) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(parts.registration.register, ["ann@example.com"] * 50))
        list(pool.map(lambda _: parts.decide_all(), range(4)))
    assert parts.events().count("Registered") == 1
    assert len(parts.database.all("SELECT FROM people")) == 1
    assert parts.database.one("SELECT FROM intake") is None


def test_only_the_named_domains_may_register(database: Database, clock: Clock) -> None:
    parts = Parts(database, clock, registration="example.org, münchen.de")
    for email in ("ann@example.com", "ann@münchen.de", "ann@sub.münchen.de"):
        parts.registration.register(email)
    parts.decide_all()
    assert parts.views.credentials("ann@münchen.de") is not None
    assert parts.events() == ["Registered"]


def test_the_first_person_is_operator_and_no_other(parts: Parts) -> None:
    first, second = parts.registered("ann@example.com"), parts.registered("bob@example.com")
    assert parts.people.find(first.id).operator
    assert not parts.people.find(second.id).operator


def test_the_event_keeps_the_request_that_asked(parts: Parts) -> None:
    with acting(correlation="request-1"):
        parts.registration.register("ann@example.com")
    parts.decide_all()
    assert parts.store.read(0, 10)[0].event.correlation == "request-1"


def test_a_wish_that_cannot_be_read_lets_those_behind_it_pass(parts: Parts) -> None:
    parts.database.execute("INSERT INTO intake (wish) VALUES ('rubbish')")
    parts.registered("ann@example.com")
    kept = parts.database.one("SELECT failures FROM intake")
    assert kept == {"failures": 3}


def test_no_address_stands_readable_in_the_event_store(parts: Parts) -> None:
    parts.registered("ann@example.com")
    row = parts.database.one("SELECT state FROM events")
    assert row is not None
    assert b"ann" not in bytes(row["state"])


def test_a_person_whose_key_is_destroyed_is_gone_from_rebuilt_views(parts: Parts) -> None:
    user = parts.registered("ann@example.com")
    parts.subjects.destroy(str(user.id))
    rebuild(parts.store)
    assert parts.people.find(user.id).email is None
    assert parts.views.credentials("ann@example.com") is None
