"""Contract events of users."""

from contracts import identity as contract
from identity.users.domain import User
from runtime.publications import Publications


def _registered(event: User.Registered) -> contract.UserRegistered:
    return contract.UserRegistered.model_validate(
        {
            "user_id": event.originator_id,
            "email": event.email,
            "name": event.name,
            "via": event.via,
            "generation": event.generation,
            "expires_at": event.expires_at,
        }
    )


def _registration_repeated(event: User.RegistrationRepeated) -> contract.UserRegistrationRepeated:
    return contract.UserRegistrationRepeated(
        user_id=event.originator_id, generation=event.generation, expires_at=event.expires_at
    )


def _email_verified(event: User.EmailVerified) -> contract.UserEmailVerified:
    return contract.UserEmailVerified(user_id=event.originator_id)


def _password_changed(event: User.PasswordChanged) -> contract.UserPasswordChanged:
    return contract.UserPasswordChanged.model_validate({"user_id": event.originator_id, "how": event.how})


def _password_reset_requested(event: User.PasswordResetRequested) -> contract.UserPasswordResetRequested:
    return contract.UserPasswordResetRequested(
        user_id=event.originator_id, generation=event.generation, expires_at=event.expires_at
    )


def _renamed(event: User.Renamed) -> contract.UserRenamed:
    return contract.UserRenamed(user_id=event.originator_id, name=event.name)


def _erased(event: User.Erased) -> contract.UserErased:
    return contract.UserErased(user_id=event.originator_id)


PUBLICATIONS = Publications("identity")
PUBLICATIONS.on(User.Registered, contract.UserRegistered, _registered)
PUBLICATIONS.on(User.RegistrationRepeated, contract.UserRegistrationRepeated, _registration_repeated)
PUBLICATIONS.on(User.EmailVerified, contract.UserEmailVerified, _email_verified)
PUBLICATIONS.on(User.PasswordChanged, contract.UserPasswordChanged, _password_changed)
PUBLICATIONS.on(User.PasswordResetRequested, contract.UserPasswordResetRequested, _password_reset_requested)
PUBLICATIONS.on(User.Renamed, contract.UserRenamed, _renamed)
PUBLICATIONS.on(User.Erased, contract.UserErased, _erased)

PRIVATE: frozenset[type] = frozenset({User.OneTimePasswordUsed})
"""Other services need not know: UserSignedIn says how the user signed in."""
