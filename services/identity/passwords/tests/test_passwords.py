"""Own passwords: chosen, changed, reset, and what they must be."""

from datetime import timedelta

import pytest

from identity.passwords.domain import PasswordRefused, WrongPassword
from identity.sign_in.service import WrongCredentials
from identity.tests.container import PASSWORD, ContainerFixture
from identity.users.domain import EmailTaken, ResetLinkSpent
from testing.clock import Clock

NEW = "seven herons in the rain"


def reset_token(parts: ContainerFixture, email: str) -> str:
    parts.registration.request_reset(email)
    parts.decide_all()
    user = parts.user(email)
    return parts.secrets.reset_token(user.id, user.reset_generation)


def test_choosing_a_password_revokes_other_sessions_only(parts: ContainerFixture) -> None:
    session, cookie = parts.with_password("ann@example.com")
    assert not session.must_choose_password
    _, other = parts.sign_in.with_password("ann@example.com", PASSWORD, None, None)
    parts.passwords.change(session.user_id, PASSWORD, NEW, session.id)
    assert parts.sessions.find(cookie) == session
    assert parts.sessions.find(other) is None
    parts.sign_in.with_password("ann@example.com", NEW, None, None)
    with pytest.raises(WrongCredentials):
        parts.sign_in.with_password("ann@example.com", PASSWORD, None, None)


def test_changing_requires_the_current_password(parts: ContainerFixture) -> None:
    session, _ = parts.with_password("ann@example.com")
    with pytest.raises(WrongPassword) as refusal:
        parts.passwords.change(session.user_id, "not this one", NEW, session.id)
    assert refusal.value.errors[0].field == "current_password"


def test_a_reset_link_works_once_and_revokes_all_sessions(parts: ContainerFixture) -> None:
    _, cookie = parts.with_password("ann@example.com")
    token = reset_token(parts, "ann@example.com")
    _, another = parts.sign_in.with_password("ann@example.com", PASSWORD, None, None)
    parts.passwords.reset(token, NEW)
    assert (parts.sessions.find(cookie), parts.sessions.find(another)) == (None, None)
    parts.sign_in.with_password("ann@example.com", NEW, None, None)
    with pytest.raises(ResetLinkSpent):
        parts.passwords.reset(token, "one more of these")


def test_a_refused_password_leaves_the_link_valid(parts: ContainerFixture) -> None:
    parts.with_password("ann@example.com")
    token = reset_token(parts, "ann@example.com")
    with pytest.raises(PasswordRefused):
        parts.passwords.reset(token, "short")
    parts.passwords.reset(token, NEW)


def test_a_reset_link_expires_after_an_hour_or_when_replaced(parts: ContainerFixture, clock: Clock) -> None:
    parts.with_password("ann@example.com")
    first = reset_token(parts, "ann@example.com")
    second = reset_token(parts, "ann@example.com")
    with pytest.raises(ResetLinkSpent):
        parts.passwords.reset_link_owner(first)
    clock.forward(timedelta(minutes=60, seconds=-1))
    assert parts.passwords.reset_link_owner(second).email == "ann@example.com"
    clock.forward(timedelta(seconds=1))
    with pytest.raises(ResetLinkSpent):
        parts.passwords.reset_link_owner(second)


@pytest.mark.parametrize("token", ["", "thr_", "thr_AAAA", "é", "x" * 5000, "thr_" + "A" * 70])
def test_a_forged_reset_token_is_refused(parts: ContainerFixture, token: str) -> None:
    with pytest.raises(ResetLinkSpent):
        parts.passwords.reset_link_owner(token)


def test_a_reset_verifies_and_ends_the_one_time_password(parts: ContainerFixture) -> None:
    parts.registered("ann@example.com")
    one_time = parts.one_time_password("ann@example.com")
    parts.passwords.reset(reset_token(parts, "ann@example.com"), NEW)
    assert parts.user("ann@example.com").verified
    with pytest.raises(WrongCredentials):
        parts.sign_in.with_password("ann@example.com", one_time, None, None)


def test_an_invited_user_chooses_a_password_and_is_verified_without_a_mail(parts: ContainerFixture) -> None:
    user_id = parts.passwords.choose_invited("bob@example.com", NEW)
    user = parts.user("bob@example.com")
    assert (user.id, user.verified, user.one_time_generation) == (user_id, True, 0)
    parts.sign_in.with_password("bob@example.com", NEW, None, None)


def test_an_invited_user_who_never_signed_in_keeps_the_account(parts: ContainerFixture) -> None:
    user = parts.registered("bob@example.com")
    assert parts.passwords.choose_invited("bob@example.com", NEW) == user.id


def test_an_invitation_sets_no_password_of_a_full_account(parts: ContainerFixture) -> None:
    parts.with_password("bob@example.com")
    with pytest.raises(EmailTaken):
        parts.passwords.choose_invited("bob@example.com", NEW)
