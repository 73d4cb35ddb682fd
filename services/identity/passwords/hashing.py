"""Password hashes (argon2id) in threads of their own, and a bound on the requests that wait for one."""

import os
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Counter, Gauge
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from identity.passwords.domain import SHORTEST
from kit.errors import TooManyRequests, Unavailable

_ARGON2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's smallest argon2id: 19 MiB, two passes, one lane."""
_WAITING = 16  # requests beside those whose hash is being made
_MOST = 32  # requests in all; fewer than the threads that serve requests
_WAIT = 4.0  # seconds; an answer comes within five
_RETRY_AFTER = 2  # seconds
_QUEUE = Gauge("tradehall_password_hash_queue", "Slow hashes that wait for a thread or are being made.")
_TURNED_AWAY = Counter("tradehall_password_hash_overloads_total", "Requests turned away since too many hashes wait.")
T = TypeVar("T")


class Overloaded(TooManyRequests):
    """Too many requests wait for a hash. Nothing was done."""

    code = "too-many-sign-ins"
    title = "Too many sign-ins at the same time"


class Hashing:
    """Argon2id, as many at once as there are cores. Tests about other things give cheaper parameters.

    A route that hashes takes one of `places` first, so that further requests are refused at once.
    """

    def __init__(self, argon2: PasswordHasher = _ARGON2) -> None:
        self._argon2 = argon2
        cores = max(1, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(cores, thread_name_prefix="argon2")
        self.places = min(cores + _WAITING, _MOST)
        self._nobodys = self._argon2.hash("nobody signs in with this")

    async def place(self) -> AsyncIterator[None]:
        """A dependency of each route that hashes. Raises Overloaded before a thread or a connection is taken.

        It runs on the event loop alone, so nothing comes between check and change.
        """
        if self.places == 0:
            _TURNED_AWAY.inc()
            raise Overloaded("Try again in a moment.", retry_after=_RETRY_AFTER)
        self.places -= 1
        try:
            yield
        finally:
            self.places += 1

    def hash(self, password: str) -> str:
        """In PHC form. Raises Unavailable if it takes too long."""
        return self._soon(self._pool.submit(self._argon2.hash, password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Without a stored hash the same work is done, and the answer is False."""
        fits = self._soon(self._pool.submit(self._fits, stored or self._nobodys, password))
        return fits and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than the current ones."""
        return self._argon2.check_needs_rehash(stored)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _soon(self, work: Future[T]) -> T:
        with _QUEUE.track_inprogress():
            try:
                return work.result(_WAIT)
            except NotInTime as error:
                work.cancel()
                raise Unavailable("Too many sign-ins at the same time.") from error


@cache
def common_passwords() -> frozenset[str]:
    """Well-known passwords in lower case that are long enough to be chosen: all lists of zxcvbn.

    All of them, since zxcvbn keeps a password that is also a name or a word in one list only.
    """
    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words if len(word) >= SHORTEST)
