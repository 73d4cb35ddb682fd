"""Rules of sessions that were loaded again from their events."""

from uuid import uuid4

from identity.sessions.domain import UserSession
from kit.tests.memory import Memory


def test_a_session_belongs_to_its_user_and_ends_once() -> None:
    memory, user_id = Memory(), uuid4()
    session = memory.again(UserSession(id=uuid4(), user_id=user_id, how="password", address="192.0.2.1"))
    assert (session.user_id, session.ended) == (user_id, False)
    session.revoke()
    [ended] = session.pending_events
    assert isinstance(ended, UserSession.Ended)
    assert ended.user_id == user_id
    session = memory.again(session)
    session.revoke()
    assert (session.ended, session.pending_events) == (True, [])


def test_a_sign_in_defaults_to_a_known_device() -> None:
    session = UserSession(id=uuid4(), user_id=uuid4(), how="password", address=None)
    [signed_in] = session.collect_events()
    assert isinstance(signed_in, UserSession.SignedIn)
    assert (signed_in.new_device, signed_in.device) == (False, None)


def test_a_sign_in_that_an_earlier_release_stored_names_no_device() -> None:
    session = UserSession(id=uuid4(), user_id=uuid4(), how="password", address=None, new_device=True, device="Firefox")
    [signed_in] = session.collect_events()
    stored = {name: value for name, value in vars(signed_in).items() if name not in ("new_device", "device")}
    read = object.__new__(UserSession.SignedIn)
    read.__dict__.update(stored)
    assert (read.new_device, read.device) == (False, None)


def test_the_id_of_a_session_is_given() -> None:
    id = uuid4()
    assert UserSession(id=id, user_id=uuid4(), how="invitation", address=None).id == id
