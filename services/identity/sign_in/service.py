"""Signing in with an address and a password, at the same cost for known and unknown addresses."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter

from contracts.email import InvalidEmail
from identity.login_throttle.service import Attempt, LoginThrottle
from identity.passwords.domain import LONGEST, normal_password
from identity.passwords.hashing import Hashing
from identity.passwords.one_time import OneTimeSecrets
from identity.sessions.service import Session, Sessions
from identity.store import IdentityStore
from identity.users.domain import UnknownUser, User
from identity.users.views import Credentials, UserViews
from kit.context import acting
from kit.errors import Refusal

_SIGN_INS = Counter("tradehall_sign_ins_total", "Attempts to sign in with a password.", ["result"])


class WrongCredentials(Refusal):
    status = 422
    code = "wrong-credentials"
    title = "The e-mail address or the password is wrong"


class SignIn:
    def __init__(
        self,
        store: IdentityStore,
        views: UserViews,
        sessions: Sessions,
        hashing: Hashing,
        secrets: OneTimeSecrets,
        throttle: LoginThrottle,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._views = views
        self._sessions = sessions
        self._hashing = hashing
        self._secrets = secrets
        self._throttle = throttle
        self._clock = clock

    def with_password(
        self, email: str, password: str, address: str | None, agent: str | None, device: UUID | None = None
    ) -> tuple[Session, str]:
        """(session, cookie value). Raises WrongCredentials, TooManyAttempts; OneTimePasswordSpent only for the right
        one.

        Each call that is not throttled costs one password hash and one keyed hash.
        """
        try:
            begun = self._attempt(email, password, address, agent, device)
        except Refusal as refusal:
            _SIGN_INS.labels(refusal.code).inc()
            raise
        _SIGN_INS.labels("signed-in").inc()
        return begun

    def _attempt(
        self, email: str, password: str, address: str | None, agent: str | None, device: UUID | None
    ) -> tuple[Session, str]:
        attempt = self._throttle.sign_in(email, address, device)
        known = self._credentials(email)
        given = normal_password(password)
        fits = self._hashing.verify(known.password_hash if known else None, given[: LONGEST + 1])
        generation = known.one_time_generation if known else 0
        one_time = self._secrets.is_password(given, known.user_id if known else None, generation)
        if known is not None and fits:
            self._rehash(known, given)
            with acting(actor=str(known.user_id)):
                return self._with_own(attempt, known, address, agent, device)
        if known is not None and one_time and generation > 0 and known.password_hash is None:
            self._throttle.succeeded(attempt)  # whether or not it is spent
            with acting(actor=str(known.user_id)):
                return self._with_one_time(known, address, agent, device)
        self._throttle.failed(attempt)
        raise WrongCredentials

    def _with_own(
        self, attempt: Attempt, known: Credentials, address: str | None, agent: str | None, device: UUID | None
    ) -> tuple[Session, str]:
        is_news = attempt.network is not None and self._sessions.may_notify_of(known.user_id)

        def work() -> tuple[Session, str]:
            begun = self._sessions.start(known.user_id, "password", address, agent, device, is_news=is_news)
            self._throttle.succeeded(attempt)
            return begun

        return self._store.run(work)

    def _with_one_time(
        self, known: Credentials, address: str | None, agent: str | None, device: UUID | None
    ) -> tuple[Session, str]:
        def work() -> tuple[Session, str]:
            user = self._store.find(User, known.user_id, UnknownUser)
            user.use_one_time_password(known.one_time_generation, self._clock())
            self._store.save(user)
            return self._sessions.start(user.id, "one-time-password", address, agent, device)

        return self._store.run(work)

    def _credentials(self, email: str) -> Credentials | None:
        try:
            return self._views.credentials(email)
        except InvalidEmail:
            return None

    def _rehash(self, known: Credentials, password: str) -> None:
        """Hash the password anew if the stored hash has outdated parameters, unless it changed meanwhile."""
        stored = known.password_hash
        if stored is not None and self._hashing.is_outdated(stored):
            self._store.database.execute(
                "UPDATE passwords SET hash = %s WHERE user_id = %s AND hash = %s",
                (self._hashing.hash(password), known.user_id, stored),
            )
