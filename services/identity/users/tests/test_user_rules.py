"""Rules of users that were loaded again from their stored events."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from identity.sessions.domain import UserSession
from identity.users.domain import AlreadyErased, OneTimePasswordSpent, ResetLinkSpent, UnknownUser, User, known_user
from kit.tests.memory import NOW, Memory

Step = Callable[[User], None]


class Stored:
    """One user, loaded anew for each step."""

    def __init__(self) -> None:
        self.store = Memory()
        self.id = uuid4()
        self.now = NOW
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
def stored() -> Stored:
    return Stored()


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


def test_a_session_ends_once() -> None:
    store = Memory()
    session = UserSession(id=uuid4(), user_id=uuid4(), how="password", address="192.0.2.1")
    store.save(session)
    for _ in range(2):
        session = store.find(UserSession, session.id)
        session.revoke()
        store.save(session)
    assert store.find(UserSession, session.id).version == 2


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


def test_a_registered_user_is_known_by_the_address_only(stored: Stored) -> None:
    user = stored.user
    assert (user.id, user.email, user.name, user.erased) == (stored.id, "ann@example.com", None, False)
    assert (user.one_time_generation, user.reset_generation, user.reset_expires_at) == (1, 0, None)


def test_a_one_time_password_expires_on_time(stored: Stored) -> None:
    end = stored.now + timedelta(hours=24)
    assert stored.user.one_time_password_is_good(1, end - timedelta(seconds=1))
    assert not stored.user.one_time_password_is_good(1, end)
    with pytest.raises(OneTimePasswordSpent):
        stored.user.use_one_time_password(1, end)


def test_an_unknown_generation_is_neither_good_nor_used(stored: Stored) -> None:
    later = stored.now + timedelta(hours=1)
    stored.do(lambda user: user.use_one_time_password(1, stored.now))
    stored.do(lambda user: user.request_password_reset(later))
    user = stored.do(User.change_password)
    for generation in (0, 2):
        assert not user.one_time_password_is_used(generation)
        assert not user.reset_link_is_used(generation)
    user = stored.do(lambda user: user.request_password_reset(later))
    assert (user.reset_link_is_good(2, stored.now), user.reset_link_is_good(1, stored.now)) == (True, False)
    assert not user.reset_link_is_used(2)


def test_an_invited_user_is_verified_and_has_a_password() -> None:
    user = Memory().again(User.register_invited(uuid4(), "ann@example.com"))
    assert (user.verified, user.has_password, user.one_time_generation) == (True, True, 0)


def test_registering_again_is_recorded_with_the_new_password_if_there_is_one(stored: Stored) -> None:
    later = stored.now + timedelta(hours=25)
    user = stored.user
    user.register_again(later)
    user.use_one_time_password(2, stored.now)
    user.register_again(later)
    repeated = [event for event in user.pending_events if isinstance(event, User.RegistrationRepeated)]
    assert [(event.generation, event.expires_at) for event in repeated] == [(2, later), (None, None)]


def test_a_password_is_recorded_with_how_it_was_set(stored: Stored) -> None:
    user = stored.user
    user.change_password()
    user.change_password()
    user.request_password_reset(stored.now + timedelta(hours=1))
    user.reset_password(1, stored.now)
    user.choose_first_password()
    changed = [event.how for event in user.pending_events if isinstance(event, User.PasswordChanged)]
    assert changed == ["chosen", "changed", "reset", "chosen"]
    assert sum(isinstance(event, User.EmailVerified) for event in user.pending_events) == 1


def test_a_new_name_replaces_the_old(stored: Stored) -> None:
    assert stored.do(lambda user: user.rename("Ann")).name == "Ann"


def test_an_erased_user_has_no_password_and_no_link(stored: Stored) -> None:
    stored.do(User.change_password)
    stored.do(lambda user: user.request_password_reset(stored.now + timedelta(hours=1)))
    user = stored.do(User.erase)
    assert (user.erased, user.has_password) == (True, False)
    assert not user.reset_link_is_good(1, stored.now)


def test_a_client_is_no_known_user() -> None:
    id = uuid4()
    assert known_user(id) == id
    with pytest.raises(UnknownUser):
        known_user(None)
