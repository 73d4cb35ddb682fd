"""Use cases of passwords: choose, change, reset. The hash is a row, written in the transaction of the event."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from identity.devices.service import Devices
from identity.login_throttle.service import LoginThrottle
from identity.passwords.domain import WrongPassword, check_new_password, normal_password
from identity.passwords.hashing import Hashing, common_passwords
from identity.passwords.one_time import OneTimeSecrets
from identity.sessions.service import Session, Sessions
from identity.store import IdentityStore
from identity.users.domain import EmailTaken, ResetLinkSpent, UnknownUser, User
from identity.users.views import Credentials, UserViews
from kit.context import acting


class Passwords:
    """Hashes are made before a transaction begins. A new password that breaks a rule raises PasswordRefused."""

    def __init__(
        self,
        store: IdentityStore,
        views: UserViews,
        sessions: Sessions,
        hashing: Hashing,
        secrets: OneTimeSecrets,
        throttle: LoginThrottle,
        devices: Devices,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._views = views
        self._sessions = sessions
        self._hashing = hashing
        self._secrets = secrets
        self._throttle = throttle
        self._devices = devices
        self._clock = clock

    def choose(self, session: Session, new: str) -> None:
        """Choose the first password after a one-time password; the session is then fully signed in."""
        user = self._store.find(User, session.user_id, UnknownUser)
        hashed = self._checked_hash(new, user.email, "password")

        def work() -> None:
            user = self._store.find(User, session.user_id, UnknownUser)
            user.choose_first_password()
            self._keep(user, hashed, except_session=session.id)
            self._sessions.password_was_chosen(session.id)

        self._store.run(work)

    def change(self, user_id: UUID, current: str, new: str, session_id: UUID | None) -> None:
        """Change the password and revoke all other sessions. Raises WrongPassword or TooManyAttempts."""
        user = self._store.find(User, user_id, UnknownUser)
        attempt = self._throttle.signed_in(user_id)
        if not self._hashing.verify(self._views.password_hash(user_id), normal_password(current)):
            raise WrongPassword("current_password", "This is not your current password.")
        self._throttle.succeeded(attempt)
        hashed = self._checked_hash(new, user.email, "new_password")

        def work() -> None:
            user = self._store.find(User, user_id, UnknownUser)
            user.change_password()
            self._keep(user, hashed, except_session=session_id)

        self._store.run(work)

    def reset_link_owner(self, token: str) -> User:
        """The user of a reset link. Raises ResetLinkSpent if it is no longer valid, or was never made."""
        user, generation = self._of_reset_token(token)
        if not user.reset_link_is_good(generation, self._clock()):
            raise ResetLinkSpent
        return user

    def reset(self, token: str, new: str, device: UUID | None = None) -> None:
        """Set a new password, revoke all sessions, and clear the login throttle of the user. Raises ResetLinkSpent."""
        email = self.reset_link_owner(token).email
        hashed = self._checked_hash(new, email, "password")

        def work() -> None:
            user, generation = self._of_reset_token(token)
            user.reset_password(generation, self._clock())
            with acting(actor=str(user.id)):
                self._keep(user, hashed, except_session=None, device=device)
                self._throttle.clear(user)

        self._store.run(work)

    def choose_invited(self, email: str, new: str) -> UUID:
        """Choose the first password of an invited user who has opened the invitation; returns the id of the user.

        There is no account with the address yet, or one whose one-time password was never used. Raises EmailTaken if
        there is an account that has been used.
        """
        hashed = self._checked_hash(new, email, "password")

        def work() -> UUID:
            known = self._views.credentials(email)
            user_id = known.user_id if known else uuid4()
            with acting(actor=str(user_id)):
                user = self._invited(known, user_id, email)
                self._keep(user, hashed, except_session=None)
            return user_id

        return self._store.run(work)

    def forget(self, user_id: UUID) -> int:
        """Delete the hash of a user's password; returns how many rows there were."""
        return self._store.database.execute("DELETE FROM passwords WHERE user_id = %s", (user_id,))

    def _invited(self, known: Credentials | None, user_id: UUID, email: str) -> User:
        if known is None:
            return User.register_invited(user_id, email)
        if known.verified:
            raise EmailTaken
        user = self._store.find(User, user_id, UnknownUser)
        user.choose_first_password()
        return user

    def _keep(self, user: User, hashed: str, *, except_session: UUID | None, device: UUID | None = None) -> None:
        self._store.save(user)
        self._store.database.execute(
            "INSERT INTO passwords (user_id, hash) VALUES (%s, %s) "
            "ON CONFLICT (user_id) DO UPDATE SET hash = EXCLUDED.hash, set_at = now()",
            (user.id, hashed),
        )
        self._sessions.revoke_all(user.id, except_id=except_session)
        self._devices.forget(user.id, except_devices=(device, self._sessions.device_of(except_session)))

    def _checked_hash(self, new: str, email: str | None, field: str) -> str:
        return self._hashing.hash(check_new_password(new, email or "", common_passwords(), field=field))

    def _of_reset_token(self, token: str) -> tuple[User, int]:
        read = self._secrets.read_reset_token(token)
        if read is None:
            raise ResetLinkSpent
        return self._store.find(User, read[0], ResetLinkSpent), read[1]
