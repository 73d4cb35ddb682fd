"""A manager's credential: the hash that MetaTrader 5 derives from the API password."""

import hashlib
import hmac

from metatrader.errors import InvalidValue


def _md5(data: bytes) -> bytes:
    # The protocol prescribes MD5. Nothing else here uses it.
    return hashlib.md5(data, usedforsecurity=False).digest()


class PasswordHash:
    """The 16 bytes H = MD5(MD5(password in UTF-16LE) + "WebAPI").

    H authenticates and derives the session's keys over TCP and HTTPS. For this API it is equivalent to the password, so
    protect it as one. It gives no access elsewhere, even if the same password is used there.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        """Raises InvalidValue unless `raw` has 16 bytes."""
        if len(raw) != 16:
            raise InvalidValue("a password hash has 16 bytes; give PasswordHash.derive(password) a clear password")
        self._raw = bytes(raw)

    @classmethod
    def derive(cls, password: str) -> "PasswordHash":
        """The hash of a clear-text password. Raises InvalidValue if UTF-16 cannot encode it."""
        try:
            clear = password.encode("utf-16-le")
        except UnicodeEncodeError as error:
            raise InvalidValue("the password holds half a character") from error
        return cls(_md5(_md5(clear) + b"WebAPI"))

    @property
    def raw(self) -> bytes:
        return self._raw

    def answer(self, challenge: bytes) -> bytes:
        """MD5(H + challenge): the proof that its sender knows the password."""
        return _md5(self._raw + challenge)

    def proves(self, challenge: bytes, answer: bytes) -> bool:
        """Whether `answer` is the proof for `challenge`, compared in constant time."""
        return hmac.compare_digest(self.answer(challenge), answer)

    def key_material(self, crypt_rand: bytes) -> list[bytes]:
        """The chain X = MD5(block + X) over the 16-byte blocks of CRYPT_RAND, starting at X = H."""
        chain, last = [], self._raw
        for start in range(0, len(crypt_rand), 16):
            last = _md5(crypt_rand[start : start + 16] + last)
            chain.append(last)
        return chain

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PasswordHash) and hmac.compare_digest(self._raw, other._raw)

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return "PasswordHash(...)"


def password_hash(password: "str | PasswordHash") -> PasswordHash:
    return password if isinstance(password, PasswordHash) else PasswordHash.derive(password)
