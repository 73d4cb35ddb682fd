"""Signing in: one-time passwords, own passwords, and no disclosure of accounts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest

from identity.passwords.hashing import Hashing
from identity.sign_in.service import WrongCredentials
from identity.tests.container import PASSWORD, ContainerFixture
from identity.users.domain import OneTimePasswordSpent
from kit.db.database import Database
from kit.errors import Refusal
from testing.clock import Clock


def test_the_one_time_password_signs_in_once_and_verifies_the_address(parts: ContainerFixture) -> None:
    parts.registered("ann@example.com")
    password = parts.one_time_password("ann@example.com")
    session, cookie = parts.sign_in.with_password("Ann@example.com", password, "10.0.0.1", "curl")
    assert session.must_choose_password
    assert parts.sessions.find(cookie) == session
    assert parts.user("ann@example.com").verified
    with pytest.raises(OneTimePasswordSpent):
        parts.sign_in.with_password("ann@example.com", password, "10.0.0.1", "curl")


def test_a_one_time_password_is_readable_and_forgives_how_it_is_typed(parts: ContainerFixture) -> None:
    user_id = uuid4()
    password = parts.secrets.password(user_id, 1)
    assert len(password.replace("-", "")) * 5 >= 80
    assert not set("ilou") & set(password)
    for typed in (password.upper(), password.replace("-", " "), f" {password.replace('-', '')} "):
        assert parts.secrets.is_password(typed, user_id, 1)
    assert parts.secrets.is_password(password.replace("0", "O").replace("1", "l"), user_id, 1)
    assert not parts.secrets.is_password(password, user_id, 2)
    assert not parts.secrets.is_password(password, uuid4(), 1)


def test_a_one_time_password_expires_after_a_day(parts: ContainerFixture, clock: Clock) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        parts.registered(email)
    clock.forward(timedelta(hours=24, seconds=-1))
    parts.sign_in.with_password("bob@example.com", parts.one_time_password("bob@example.com"), None, None)
    clock.forward(timedelta(seconds=1))
    with pytest.raises(OneTimePasswordSpent):
        parts.sign_in.with_password("ann@example.com", parts.one_time_password("ann@example.com"), None, None)


def test_a_new_one_time_password_replaces_the_last(parts: ContainerFixture) -> None:
    parts.registered("ann@example.com")
    first = parts.one_time_password("ann@example.com")
    parts.registered("ann@example.com")
    with pytest.raises(WrongCredentials):
        parts.sign_in.with_password("ann@example.com", first, None, None)


def test_ten_sign_ins_at_once_use_a_one_time_password_once(parts: ContainerFixture) -> None:
    parts.registered("ann@example.com")
    password = parts.one_time_password("ann@example.com")

    def sign_in(_: int) -> bool:
        try:
            parts.sign_in.with_password("ann@example.com", password, None, None)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(sign_in, range(10))) == 1


def test_an_own_password_signs_in_fully(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com")
    session, _ = parts.sign_in.with_password(" ann@example.com ", PASSWORD, None, None)
    assert not session.must_choose_password


def test_after_an_own_password_no_one_time_password_signs_in(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com")
    with pytest.raises(WrongCredentials):
        parts.sign_in.with_password("ann@example.com", parts.one_time_password("ann@example.com"), None, None)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@example.com", "another long walk"),
        ("ann@example.com", ""),
        ("ann@example.com", "x" * 4096),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
    ],
)
def test_wrong_credentials_get_the_same_answer_at_the_same_cost(
    parts: ContainerFixture, email: str, password: str
) -> None:
    parts.with_password("ann@example.com")
    slow_hash = patch.object(Hashing, "_fits", autospec=True, side_effect=Hashing._fits)
    with slow_hash as slow, pytest.raises(WrongCredentials) as refusal:
        parts.sign_in.with_password(email, password, None, None)
    assert slow.call_count == 1
    assert refusal.value.detail == WrongCredentials.title


def test_a_password_typed_in_another_unicode_form_is_the_same(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com", "Übergrößenträger")
    session, _ = parts.sign_in.with_password("ann@example.com", "U\u0308bergro\u0308ßentra\u0308ger", None, None)
    assert not session.must_choose_password


def test_an_outdated_hash_is_renewed_at_sign_in(database: Database, clock: Clock) -> None:
    parts = ContainerFixture(database, clock, hashing=Hashing())
    session, _ = parts.with_password("ann@example.com")
    weaker = Hashing()._argon2.__class__(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    parts.database.execute("UPDATE passwords SET hash = %s", (weaker,))
    parts.sign_in.with_password("ann@example.com", PASSWORD, None, None)
    stored = parts.views.password_hash(session.user_id)
    assert stored is not None
    assert "m=19456,t=2,p=1" in stored
    assert stored.startswith("$argon2id$")


def test_the_store_contains_no_readable_secret(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com")
    text = str(parts.database.all("SELECT encode(state, 'escape') FROM events"))
    assert "one-time-password" in text, "a place where secrets would be seen"
    assert "argon2" not in text
    assert PASSWORD not in text
    assert parts.one_time_password("ann@example.com") not in text
