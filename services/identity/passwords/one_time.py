"""Secrets of mails, derived by HMAC from (purpose, user, generation), so that none is stored."""

import base64
import binascii
from uuid import UUID

from kit.security.keys import keyed_hash, same
from kit.security.service_keys import ServiceKeys

KEY = "one-time-secrets"
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: without i, l, o, u
_LOOK_ALIKES = str.maketrans({"i": "1", "l": "1", "o": "0", " ": None, "-": None})
_RESET = "thr_"
_NOBODY = UUID(int=0)


class OneTimeSecrets:
    """One-time passwords (16 characters, 80 bits, as xxxx-xxxx-xxxx-xxxx) and the tokens of reset links."""

    def __init__(self, keys: ServiceKeys) -> None:
        self._keys = keys

    def password(self, user_id: UUID, generation: int) -> str:
        number = int.from_bytes(self._hash("one-time-password", user_id, generation)[:10], "big")
        letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
        return "-".join(letters[start : start + 4] for start in range(0, 16, 4))

    def is_password(self, given: str, user_id: UUID | None, generation: int) -> bool:
        """Whether the text is this one-time password; case, spaces, dashes and look-alike characters do not matter.

        Without a user the same work is done, and the answer is False.
        """
        right = self.password(user_id or _NOBODY, generation).replace("-", "")
        return same(given.strip().lower().translate(_LOOK_ALIKES), right) and user_id is not None

    def reset_token(self, user_id: UUID, generation: int) -> str:
        plain = user_id.bytes + generation.to_bytes(4, "big")
        sealed = plain + self._hash("password-reset", user_id, generation)
        return _RESET + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read_reset_token(self, token: str) -> tuple[UUID, int] | None:
        """(user id, generation) of a token that this installation made, else None."""
        try:
            plain = base64.urlsafe_b64decode(token.removeprefix(_RESET)[:80] + "==")[:20]
            user_id, generation = UUID(bytes=plain[:16]), int.from_bytes(plain[16:], "big")
        except (binascii.Error, ValueError):
            return None
        return (user_id, generation) if same(token, self.reset_token(user_id, generation)) else None

    def _hash(self, purpose: str, user_id: UUID, generation: int) -> bytes:
        return keyed_hash(self._keys.key(KEY), purpose, str(user_id), str(generation))
