"""Registrations and password reset requests, decided the same way for known and unknown addresses."""

from collections.abc import Callable, Container
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contracts.email import normal
from identity.registration.pending_requests import PendingRequest, PendingRequests
from identity.store import IdentityStore
from identity.users.domain import UnknownUser, User
from identity.users.views import UserViews
from kit.security.rate_limiter import Limit

ONE_TIME_PASSWORD_LIVES = timedelta(hours=24)
RESET_LINK_LIVES = timedelta(minutes=60)
OF_A_NETWORK = Limit("registrations-of-a-network", 500, timedelta(seconds=7.2))
"""Registrations and requests for a link together. Each address has a limit of its own, see PendingRequests."""


class Registration:
    """`domains` are those that may register (None for all). With `first_operator` the first user becomes operator."""

    def __init__(
        self,
        store: IdentityStore,
        views: UserViews,
        pending: PendingRequests,
        clock: Callable[[], datetime],
        *,
        domains: Container[str] | None,
        first_operator: bool,
    ) -> None:
        self._store = store
        self._views = views
        self._pending = pending
        self._clock = clock
        self._domains = domains
        self._first_operator = first_operator

    def register(self, email: str) -> None:
        """Request an account with this address. Raises Invalid for text that is no address."""
        self._pending.add("registration", email)

    def request_reset(self, email: str) -> None:
        """Request a password reset link. Raises Invalid for text that is no address."""
        self._pending.add("password-reset", email)

    def decide_one(self) -> bool:
        """Decide the oldest pending request; False if there is none."""
        return self._pending.decide_one({"registration": self._registered, "password-reset": self._reset_requested})

    def _make_first_operator(self, user_id: UUID) -> None:
        """In the transaction that stores the user: the user is operator if there is no other."""
        if self._first_operator:
            self._store.database.execute(
                "INSERT INTO operators (user_id) SELECT %s WHERE NOT EXISTS (SELECT FROM people WHERE id <> %s)",
                (user_id, user_id),
            )

    def _registered(self, request: PendingRequest) -> None:
        known = self._views.credentials(request.email)
        expires_at = self._clock() + ONE_TIME_PASSWORD_LIVES
        if known is not None:
            user = self._store.find(User, known.user_id, UnknownUser)
            user.register_again(expires_at)
            self._store.save(user)
        elif self._may_register(request.email):
            user = User.register(uuid4(), request.email, expires_at)
            self._store.save(user)
            self._make_first_operator(user.id)

    def _reset_requested(self, request: PendingRequest) -> None:
        known = self._views.credentials(request.email)
        if known is not None:
            user = self._store.find(User, known.user_id, UnknownUser)
            user.request_password_reset(self._clock() + RESET_LINK_LIVES)
            self._store.save(user)

    def _may_register(self, email: str) -> bool:
        return self._domains is None or normal(email).rpartition("@")[2] in self._domains
