"""Rules of locks that were loaded again from their events."""

from datetime import timedelta
from uuid import uuid4

from identity.login_throttle.domain import Lock
from kit.tests.memory import NOW, Memory


def test_a_lock_names_its_user_and_is_lifted_once() -> None:
    memory, id, user_id = Memory(), uuid4(), uuid4()
    lock = memory.again(Lock(id=id, user_id=user_id, locked_until=NOW + timedelta(minutes=5)))
    assert (lock.id, lock.user_id, lock.lifted) == (id, user_id, False)
    lock.lift()
    [lifted] = lock.pending_events
    assert isinstance(lifted, Lock.Unlocked)
    assert lifted.user_id == user_id
    lock = memory.again(lock)
    lock.lift()
    assert (lock.lifted, lock.pending_events) == (True, [])
