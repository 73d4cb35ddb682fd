"""Sessions: server-side rows behind a cookie. Their beginning and end are events, their use is not."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from psycopg.sql import SQL

from identity.devices.service import Devices, device_name
from identity.sessions.domain import UserSession
from identity.store import IdentityStore
from kit.errors import NotFound
from kit.http.pagination import EARLIEST, Paging
from kit.security.rate_limiter import Limit, RateLimiter

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
_TOUCH = timedelta(minutes=1)  # how exactly the last use is known, to spare a write at each request
_REMEMBER_ENDED = timedelta(days=1)  # longer than any access token lives
_LONGEST_AGENT = 300  # characters
_NEWS = Limit("new-devices", 10, timedelta(minutes=6))

# A cookie is good while used, for 30 days; a session lives on while a refresh token of it may be used.
_OPEN = SQL("ended_at IS NULL AND (kept_until > %(now)s OR (last_used_at > %(idle)s AND created_at > %(oldest)s))")
_COOKIE_IS_GOOD = SQL("ended_at IS NULL AND last_used_at > %(idle)s AND created_at > %(oldest)s")


@dataclass(frozen=True)
class Session:
    """A user on a device. Until the user has chosen a password, the session gives access to nothing else."""

    id: UUID
    user_id: UUID
    signed_in_at: datetime
    must_choose_password: bool


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it; `address` is the network address at sign-in, an IPv6 address as its /64.

    `last_used_at` is the last use of its cookie or of a refresh token of it, to the minute.
    """

    id: UUID
    created_at: datetime
    last_used_at: datetime
    address: str | None
    user_agent: str | None

    @property
    def device(self) -> str | None:
        """A short name such as "Firefox on Linux"."""
        return device_name(self.user_agent)


class UnknownSession(NotFound):
    code = "unknown-session"
    title = "There is no such session, or it has ended"


class Sessions:
    """`clock` returns the time in UTC."""

    def __init__(
        self, store: IdentityStore, devices: Devices, limiter: RateLimiter, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._database = store.database
        self._devices = devices
        self._limiter = limiter
        self._clock = clock

    def start(
        self,
        user_id: UUID,
        how: str,
        address: str | None,
        agent: str | None,
        device: UUID | None = None,
        *,
        is_news: bool = False,
    ) -> tuple[Session, str]:
        """Start a session; returns it with the value of its cookie, which is not stored.

        `how` is password, one-time-password (the user must choose a password first), or invitation; with `is_news` the
        owner is notified. Raises AlreadyErased, since a user may be erased between password check and session.
        """
        session = Session(uuid4(), user_id, self._clock(), how == "one-time-password")
        cookie = "ths_" + secrets.token_urlsafe(32)

        def work() -> None:
            begun = UserSession(
                id=session.id,
                user_id=user_id,
                how=how,
                address=address,
                new_device=is_news,
                device=device_name(agent),
            )
            self._store.save(begun)
            self._database.later("SELECT person_must_live(%s)", (user_id,))
            if device is not None:
                self._devices.note(device, user_id)
            self._database.later(
                "INSERT INTO sessions (id, secret_hash, user_id, created_at, last_used_at, kept_until, "
                "address, user_agent, must_choose_password, device_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    session.id,
                    _hash(cookie),
                    user_id,
                    session.signed_in_at,
                    session.signed_in_at,
                    session.signed_in_at,
                    address,
                    _printable(agent),
                    session.must_choose_password,
                    device,
                ),
            )

        self._store.run(work)
        return session, cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a valid cookie; records that it was used."""
        limits = self._limits()
        row = self._database.one(
            SQL(
                "SELECT id, user_id, created_at AS signed_in_at, must_choose_password, last_used_at "
                "FROM sessions WHERE secret_hash = %(hash)s AND {}"
            ).format(_COOKIE_IS_GOOD),
            limits | {"hash": _hash(cookie)},
        )
        if row is None:
            return None
        if row.pop("last_used_at") < limits["now"] - _TOUCH:
            used = "UPDATE sessions SET last_used_at = %(now)s WHERE id = %(id)s"
            self._database.execute(used, limits | row)
        return Session(**row)

    def alive(self, session_id: UUID) -> bool:
        """Whether tokens of this session are valid."""
        query = SQL("SELECT 1 AS one FROM sessions WHERE id = %(id)s AND {}").format(_OPEN)
        return self._database.one(query, self._limits() | {"id": session_id}) is not None

    def keep(self, session_id: UUID, until: datetime) -> None:
        """Keep the session alive until then, though its cookie may expire: a refresh token was issued."""
        self._database.execute(
            "UPDATE sessions SET kept_until = greatest(kept_until, %s), refreshed_at = %s "
            "WHERE id = %s AND ended_at IS NULL",
            (until, self._clock(), session_id),
        )

    def list(self, user_id: UUID, paging: Paging) -> list[OpenSession]:
        """Active sessions, oldest first; one more than the page shows if there are more."""
        created, last_id = paging.after_key(datetime, UUID) or EARLIEST
        place = {"user": user_id, "created": created, "last": last_id, "limit": paging.limit + 1}
        query = SQL(
            "SELECT id, created_at, greatest(last_used_at, refreshed_at) AS last_used_at, address, user_agent "
            "FROM sessions "
            "WHERE user_id = %(user)s AND (created_at, id) > (%(created)s::timestamptz, %(last)s::uuid) "
            "AND {} ORDER BY created_at, id LIMIT %(limit)s"
        ).format(_OPEN)
        rows = self._database.all(query, self._limits() | place)
        return [OpenSession(**row) for row in rows]

    def password_was_chosen(self, session_id: UUID) -> None:
        chosen = "UPDATE sessions SET must_choose_password = false WHERE id = %s"
        self._database.execute(chosen, (session_id,))

    def device_of(self, session_id: UUID | None) -> UUID | None:
        """The device on which a session was started."""
        row = self._database.one("SELECT device_id FROM sessions WHERE id = %s", (session_id,))
        return None if row is None else row["device_id"]

    def revoke(self, session_id: UUID) -> None:
        """Revoke a session. Does nothing if it has ended."""
        self._store.run(lambda: self._revoke(SQL("id = %(id)s"), {"id": session_id}))

    def revoke_own(self, user_id: UUID, session_id: UUID) -> None:
        """Raises UnknownSession if it is not an active session of this user."""

        def work() -> None:
            own = SQL("id = %(id)s AND user_id = %(user)s")
            if not self._revoke(own, {"id": session_id, "user": user_id}):
                raise UnknownSession

        self._store.run(work)

    def revoke_all(self, user_id: UUID, except_id: UUID | None = None) -> None:
        """Revoke all sessions of a user, or all others."""
        chosen = SQL("user_id = %(user)s AND id IS DISTINCT FROM %(except)s::uuid")
        self._store.run(lambda: self._revoke(chosen, {"user": user_id, "except": except_id}))

    def forget(self, user_id: UUID) -> int:
        """Revoke all sessions of a user and delete their rows, which hold devices and network addresses."""
        self.revoke_all(user_id)
        return self._database.execute("DELETE FROM sessions WHERE user_id = %s", (user_id,))

    def revoke_expired(self) -> int:
        """Revoke expired sessions, at most a hundred in one call, and delete the rows of those that ended long ago."""
        limits = self._limits()
        self._database.execute("DELETE FROM sessions WHERE ended_at < %s", (limits["now"] - _REMEMBER_ENDED,))
        stale = SQL(
            "id IN (SELECT id FROM sessions WHERE ended_at IS NULL AND kept_until <= %(now)s "
            "AND (last_used_at <= %(idle)s OR created_at <= %(oldest)s) LIMIT 100)"
        )
        return self._store.run(lambda: self._revoke(stale, limits))

    def _revoke(self, condition: SQL, params: dict[str, Any]) -> int:
        query = SQL("SELECT id FROM sessions WHERE ended_at IS NULL AND {}").format(condition)
        chosen = self._database.all(query, params)
        if not chosen:
            return 0
        ended = [self._store.find(UserSession, row["id"]) for row in chosen]
        for session in ended:
            session.revoke()
        # Events before rows, as everywhere: two commands that lock in two orders would wait for each other.
        self._store.save(*ended)
        self._database.execute(
            "UPDATE sessions SET ended_at = %s WHERE id = ANY(%s)", (self._clock(), [s.id for s in ended])
        )
        return len(ended)

    def may_notify_of(self, user_id: UUID) -> bool:
        """Whether the owner is notified of a new device; the number of notices is limited."""
        return self._limiter.try_hit(_NEWS, str(user_id))

    def _limits(self) -> dict[str, Any]:
        now = self._clock()
        return {"now": now, "idle": now - IDLE, "oldest": now - LONGEST}


class RevokedSessions:
    """The answers that libs/access needs, from the rows of the owner."""

    authoritative = True

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def has(self, session_id: UUID | None, token_id: str) -> bool:
        return session_id is not None and not self._sessions.alive(session_id)


def _hash(cookie: str) -> bytes:
    return sha256(cookie.encode()).digest()


def _printable(agent: str | None) -> str | None:
    return None if agent is None else "".join(c if c.isprintable() else " " for c in agent)[:_LONGEST_AGENT]
