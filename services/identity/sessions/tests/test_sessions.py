"""Sessions: how long they live, who sees them, and how they end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from identity.sessions.service import OpenSession, UnknownSession
from identity.tests.container import PASSWORD, ContainerFixture
from kit.http.pagination import Paging
from testing.clock import Clock


def test_a_cookie_expires_twelve_hours_after_its_last_use(parts: ContainerFixture, clock: Clock) -> None:
    session, cookie = parts.with_password("ann@example.com")
    for _ in range(3):
        clock.forward(timedelta(hours=11))
        assert parts.sessions.find(cookie) == session
    clock.forward(timedelta(hours=12, minutes=1))
    assert parts.sessions.find(cookie) is None
    assert not parts.sessions.alive(session.id)


def test_a_cookie_expires_after_thirty_days_at_most(parts: ContainerFixture, clock: Clock) -> None:
    _, cookie = parts.with_password("ann@example.com")
    for _ in range(65):
        clock.forward(timedelta(hours=11))
        assert parts.sessions.find(cookie) is not None
    clock.forward(timedelta(hours=5))
    assert parts.sessions.find(cookie) is None


def test_a_kept_session_outlives_its_cookie(parts: ContainerFixture, clock: Clock) -> None:
    session, cookie = parts.with_password("ann@example.com")
    parts.sessions.keep(session.id, clock() + timedelta(days=30))
    clock.forward(timedelta(days=29))
    assert parts.sessions.find(cookie) is None
    assert parts.sessions.alive(session.id)
    assert parts.sessions.revoke_expired() == 0
    clock.forward(timedelta(days=2))
    assert not parts.sessions.alive(session.id)
    assert parts.sessions.revoke_expired() == 1


def test_a_session_is_revoked_once(parts: ContainerFixture) -> None:
    session, cookie = parts.with_password("ann@example.com")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(parts.sessions.revoke, [session.id] * 8))
    assert parts.sessions.find(cookie) is None
    assert not parts.sessions.alive(session.id)
    assert parts.events().count("Ended") == 1


def test_an_expired_session_is_revoked_and_later_deleted(parts: ContainerFixture, clock: Clock) -> None:
    parts.with_password("ann@example.com")
    clock.forward(timedelta(hours=13))
    assert parts.sessions.revoke_expired() == 1
    assert parts.events()[-1] == "Ended"
    clock.forward(timedelta(days=2))
    assert parts.sessions.revoke_expired() == 0
    assert parts.database.one("SELECT FROM sessions") is None


def test_users_list_and_revoke_only_their_own_sessions(parts: ContainerFixture, clock: Clock) -> None:
    ann, _ = parts.with_password("ann@example.com")
    bob, _ = parts.with_password("bob@example.com")
    clock.forward(timedelta(seconds=1))
    parts.sign_in.with_password("ann@example.com", PASSWORD, "10.0.0.9", "Browser\r\nX: 1" + "a" * 500)
    listed = parts.sessions.list(ann.user_id, Paging())
    assert [each.address for each in listed] == ["10.0.0.1", "10.0.0.9"]
    assert listed[1].user_agent is not None
    assert "\n" not in listed[1].user_agent
    with pytest.raises(UnknownSession):
        parts.sessions.revoke_own(ann.user_id, bob.id)
    parts.sessions.revoke_own(ann.user_id, listed[1].id)
    assert [each.id for each in parts.sessions.list(ann.user_id, Paging())] == [ann.id]
    with pytest.raises(UnknownSession):
        parts.sessions.revoke_own(ann.user_id, uuid4())


def test_a_cookie_is_not_stored_readable(parts: ContainerFixture) -> None:
    _, cookie = parts.with_password("ann@example.com")
    assert cookie not in str(parts.database.all("SELECT *, encode(secret_hash, 'escape') FROM sessions"))


@pytest.mark.parametrize("cookie", ["", "ths_", "é", "x" * 5000])
def test_an_unknown_cookie_has_no_session(parts: ContainerFixture, cookie: str) -> None:
    assert parts.sessions.find(cookie) is None


def test_revoking_all_keeps_the_excepted_session(parts: ContainerFixture) -> None:
    first, cookie = parts.with_password("ann@example.com")
    _, second = parts.sign_in.with_password("ann@example.com", PASSWORD, None, None)
    parts.sessions.revoke_all(first.user_id, except_id=first.id)
    assert parts.sessions.find(cookie) is not None
    assert parts.sessions.find(second) is None
    parts.sessions.revoke_all(first.user_id)
    assert parts.sessions.find(cookie) is None


def test_a_session_is_listed_with_device_address_and_times(parts: ContainerFixture, clock: Clock) -> None:
    session, cookie = parts.with_password("ann@example.com")
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    begun = clock()
    _, cookie = parts.sign_in.with_password("ann@example.com", PASSWORD, "2001:db8:1:2::/64", agent, uuid4())
    clock.forward(timedelta(seconds=50))
    parts.sessions.find(cookie)

    def listed() -> OpenSession:
        return next(each for each in parts.sessions.list(session.user_id, Paging()) if each.id != session.id)

    assert (listed().device, listed().address) == ("Firefox on Linux", "2001:db8:1:2::/64")
    assert (listed().created_at, listed().last_used_at) == (begun, begun)
    clock.forward(timedelta(seconds=20))
    parts.sessions.find(cookie)
    assert listed().last_used_at == clock()
    clock.forward(timedelta(minutes=5))
    parts.sessions.keep(listed().id, clock() + timedelta(days=30))
    assert listed().last_used_at == clock()


def test_refreshing_tokens_does_not_keep_the_cookie(parts: ContainerFixture, clock: Clock) -> None:
    session, cookie = parts.with_password("ann@example.com")
    for _ in range(3):
        clock.forward(timedelta(hours=5))
        parts.sessions.keep(session.id, clock() + timedelta(days=30))
    assert parts.sessions.find(cookie) is None
    assert parts.sessions.alive(session.id)
