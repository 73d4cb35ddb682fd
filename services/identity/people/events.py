"""Private events of users, sessions and locks -> events of the contract."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import identity as public
from contracts.event import Event
from identity.people.domain import User
from identity.sessions.domain import UserSession
from identity.sign_in.domain import Lock


def _registered(event: User.Registered) -> Event:
    return public.UserRegistered.model_validate(
        {
            "user_id": event.originator_id,
            "email": event.email,
            "name": event.name,
            "via": event.via,
            "generation": event.generation,
            "expires_at": event.expires_at,
        }
    )


def _repeated(event: User.RegistrationRepeated) -> Event:
    return public.UserRegistrationRepeated(
        user_id=event.originator_id, generation=event.generation, expires_at=event.expires_at
    )


def _reset_requested(event: User.PasswordResetRequested) -> Event:
    return public.UserPasswordResetRequested(
        user_id=event.originator_id, generation=event.generation, expires_at=event.expires_at
    )


def _signed_in(event: UserSession.SignedIn) -> Event:
    return public.UserSignedIn(
        user_id=event.user_id,
        session_id=event.originator_id,
        how=event.how,
        address=event.address,
        new_device=event.new_device,
        device=event.device,
    )


def _session_ended(event: UserSession.Ended) -> Event:
    return public.UserSessionEnded(user_id=event.user_id, session_id=event.originator_id)


def _locked(event: Lock.Locked) -> Event:
    return public.UserLocked(user_id=event.user_id, lock_id=event.originator_id, locked_until=event.locked_until)


def _unlocked(event: Lock.Unlocked) -> Event:
    return public.UserUnlocked(user_id=event.user_id, lock_id=event.originator_id)


def _verified(event: User.EmailVerified) -> Event:
    return public.UserEmailVerified(user_id=event.originator_id)


def _password_changed(event: User.PasswordChanged) -> Event:
    return public.UserPasswordChanged(user_id=event.originator_id, how=event.how)


def _renamed(event: User.Renamed) -> Event:
    return public.UserRenamed(user_id=event.originator_id, name=event.name)


def _erased(event: User.Erased) -> Event:
    return public.UserErased(user_id=event.originator_id)


PEOPLE: Mapping[type, Callable[[Any], Event]] = {
    User.Registered: _registered,
    User.RegistrationRepeated: _repeated,
    User.EmailVerified: _verified,
    User.PasswordChanged: _password_changed,
    User.PasswordResetRequested: _reset_requested,
    User.Renamed: _renamed,
    User.Erased: _erased,
    UserSession.SignedIn: _signed_in,
    UserSession.Ended: _session_ended,
    Lock.Locked: _locked,
    Lock.Unlocked: _unlocked,
}
"""From a private event to its public one; none of them belongs to an organization."""

PRIVATE: frozenset[type] = frozenset({User.OneTimePasswordUsed})
"""What nobody else needs to know: UserSignedIn tells how."""
