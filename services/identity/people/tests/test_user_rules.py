"""What a user is and refuses, on users loaded again from their stored events."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from identity.people.domain import AlreadyErased, OneTimePasswordSpent, ResetLinkSpent, User
from identity.sessions.domain import UserSession
from identity.tests.parts import Parts
from testing.clock import Clock

Step = Callable[[User], None]


class Stored:
    """One user, loaded anew for each step."""

    def __init__(self, parts: Parts, clock: Clock) -> None:
        self.store = parts.store
        self.id = uuid4()
        self.now = clock()
        self.store.save(User.register(self.id, "ann@example.com", self.now + timedelta(hours=24)))

    @property
    def user(self) -> User:
        return self.store.find(User, self.id)

    def do(self, step: Step) -> User:
        user = self.user
        step(user)
        self.store.save(user)
        return self.user


@pytest.fixture
def stored(parts: Parts, clock: Clock) -> Stored:
    return Stored(parts, clock)


def test_a_registered_user_has_no_password_and_is_not_verified(stored: Stored) -> None:
    assert (stored.user.verified, stored.user.has_password) == (False, False)
    assert stored.user.one_time_password_is_good(1, stored.now)


def test_a_one_time_password_is_good_once_and_verifies(stored: Stored) -> None:
    user = stored.do(lambda user: user.use_one_time_password(1, stored.now))
    assert user.verified
    with pytest.raises(OneTimePasswordSpent):
        user.use_one_time_password(1, stored.now)


def test_only_the_newest_one_time_password_is_good(stored: Stored) -> None:
    later = stored.now + timedelta(hours=25)
    user = stored.do(lambda user: user.register_again(later))
    assert not user.one_time_password_is_good(1, stored.now)
    assert user.one_time_password_is_good(2, stored.now + timedelta(hours=24))


def test_a_verified_user_gets_no_new_one_time_password(stored: Stored) -> None:
    stored.do(lambda user: user.use_one_time_password(1, stored.now))
    user = stored.do(lambda user: user.register_again(stored.now + timedelta(days=9)))
    assert user.one_time_generation == 1
    assert not user.one_time_password_is_good(1, stored.now)


def test_a_password_ends_one_time_password_and_reset_link(stored: Stored) -> None:
    stored.do(lambda user: user.request_password_reset(stored.now + timedelta(hours=1)))
    user = stored.do(lambda user: user.choose_first_password())
    assert user.has_password
    assert not user.one_time_password_is_good(1, stored.now)
    assert not user.reset_link_is_good(1, stored.now)
    assert user.one_time_password_is_used(1)
    assert user.reset_link_is_used(1)


def test_replaced_and_expired_secrets_are_refused(stored: Stored) -> None:
    later = stored.now + timedelta(hours=1)
    user = stored.do(lambda user: user.register_again(later))
    user = stored.do(lambda user: user.request_password_reset(later))
    user = stored.do(lambda user: user.request_password_reset(later))
    assert user.one_time_generation == user.reset_generation == 2
    assert not user.one_time_password_is_used(1)
    assert not user.reset_link_is_used(1)
    assert not user.one_time_password_is_used(2)
    assert not user.reset_link_is_used(2)


def test_a_reset_link_works_once_until_it_expires_and_verifies(stored: Stored) -> None:
    stored.do(lambda user: user.request_password_reset(stored.now + timedelta(hours=1)))
    with pytest.raises(ResetLinkSpent):
        stored.user.reset_password(1, stored.now + timedelta(hours=1))
    user = stored.do(lambda user: user.reset_password(1, stored.now))
    assert user.verified
    with pytest.raises(ResetLinkSpent):
        user.reset_password(1, stored.now)


def test_no_link_is_valid_before_the_first_request(stored: Stored) -> None:
    assert not stored.user.reset_link_is_good(0, stored.now)


def test_the_same_name_again_is_no_event(stored: Stored) -> None:
    version = stored.do(lambda user: user.rename("Ann")).version
    assert stored.do(lambda user: user.rename("Ann")).version == version


def test_a_session_ends_once(parts: Parts) -> None:
    session = UserSession(id=uuid4(), user_id=uuid4(), how="password", address="192.0.2.1")
    parts.store.save(session)
    for _ in range(2):
        session = parts.store.find(UserSession, session.id)
        session.revoke()
        parts.store.save(session)
    assert parts.store.find(UserSession, session.id).version == 2


def test_an_erased_user_cannot_be_changed(stored: Stored) -> None:
    later = stored.now + timedelta(hours=1)
    user = stored.do(User.erase)
    changes: list[Step] = [
        User.erase,
        User.choose_first_password,
        User.change_password,
        lambda user: user.register_again(later),
        lambda user: user.request_password_reset(later),
        lambda user: user.rename("Ann"),
    ]
    for change in changes:
        with pytest.raises(AlreadyErased):
            stored.do(change)
    assert not user.one_time_password_is_good(1, stored.now)
    with pytest.raises(OneTimePasswordSpent):
        stored.do(lambda user: user.use_one_time_password(1, stored.now))
