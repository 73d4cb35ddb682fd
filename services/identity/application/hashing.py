"""Slow password hashes (argon2id), a few at a time, in threads of their own."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from identity.domain.password import SHORTEST
from kit.errors import Unavailable

_WAIT = 4.0  # seconds; an answer comes within five
T = TypeVar("T")


class Hashing:
    """OWASP's smallest argon2id: 19 MiB, two passes, one lane. As many at once as there are cores."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._pool = ThreadPoolExecutor(max(1, os.cpu_count() or 1), thread_name_prefix="argon2")
        self._nobodys = self._argon2.hash("nobody signs in with this")

    def hash(self, password: str) -> str:
        """In PHC form. Raises Unavailable when too many wait."""
        return self._soon(self._pool.submit(self._argon2.hash, password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Without a stored hash the same work is done, in vain."""
        fits = self._soon(self._pool.submit(self._fits, stored or self._nobodys, password))
        return fits and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _soon(self, work: Future[T]) -> T:
        try:
            return work.result(_WAIT)
        except NotInTime as error:
            work.cancel()
            raise Unavailable("Too many people sign in at once.") from error


@cache
def common_passwords() -> frozenset[str]:
    """Well-known passwords, in lower case and long enough to be chosen: zxcvbn's list and its others.

    All of its lists, since zxcvbn keeps a password that is also a name or a word in one of them only.
    """
    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words if len(word) >= SHORTEST)
