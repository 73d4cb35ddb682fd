"""Client secrets and ids: random, recognizable by prefix and checksum, stored as a hash only."""

import re
import secrets
from hashlib import sha256
from string import ascii_letters, digits
from zlib import crc32

PREFIX = "thcs_"
_ALPHABET = digits + ascii_letters
_RANDOM = 43  # base-62 digits, 256 bits
_CHECK = 6  # base-62 digits, a CRC-32
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM}}}_[0-9A-Za-z]{{{_CHECK}}}")
_ID_PREFIX = "thc_"
_ID_RANDOM = 16


def new_client_id() -> str:
    """A `thc_…` that identifies a client in tokens; it is not secret."""
    return _ID_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_RANDOM))


def new_secret() -> str:
    """256 random bits as `thcs_<43 base-62 digits>_<6 base-62 digits of their CRC-32>`."""
    body = _base62(secrets.randbits(256), _RANDOM)
    return f"{PREFIX}{body}_{_checksum(body)}"


def may_be_secret(given: str) -> bool:
    """Whether prefix and checksum are correct. If not, it was never issued, and needs no look-up."""
    if not _FORM.fullmatch(given):
        return False
    body, check = given.removeprefix(PREFIX).split("_")
    return check == _checksum(body)


def secret_hash(secret: str) -> bytes:
    """SHA-256: 256 random bits need no slow hash."""
    return sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(crc32(body.encode()), _CHECK)


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))
