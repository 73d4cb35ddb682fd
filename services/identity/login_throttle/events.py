"""Contract events of locks."""

from contracts import identity as contract
from identity.login_throttle.domain import Lock
from runtime.publications import Publications


def _locked(event: Lock.Locked) -> contract.UserLocked:
    return contract.UserLocked(user_id=event.user_id, lock_id=event.originator_id, locked_until=event.locked_until)


def _unlocked(event: Lock.Unlocked) -> contract.UserUnlocked:
    return contract.UserUnlocked(user_id=event.user_id, lock_id=event.originator_id)


PUBLICATIONS = Publications("identity")
PUBLICATIONS.on(Lock.Locked, contract.UserLocked, _locked)
PUBLICATIONS.on(Lock.Unlocked, contract.UserUnlocked, _unlocked)
