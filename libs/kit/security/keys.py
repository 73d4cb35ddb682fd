"""Keys: a master key with an id wraps data keys; AES-256-GCM by `cryptography`; keyed hashes by purpose."""

import base64
import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_NONCE = 12  # bytes, NIST SP 800-38D 8.2.1


class KeyUnavailable(Exception):
    """The key of a ciphertext is unknown, or it does not fit the ciphertext or the associated data."""


def seal(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """AES-256-GCM: nonce (12 bytes), ciphertext and tag. `associated` must be given again to open."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Opens what `seal` made; raises KeyUnavailable when key, bytes or associated data do not fit."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], associated)
    except (InvalidTag, ValueError) as error:
        raise KeyUnavailable("the ciphertext does not open") from error


@dataclass(frozen=True)
class WrappedKey:
    """A data key under the master key `key_id`."""

    key_id: str
    wrapped: bytes


class MasterKey:
    """The current master key and older ones that may still be needed to unwrap.

    Text form: one `key-id:base64 of 32 bytes` per line, the first line is the current key.
    """

    def __init__(self, text: SecretStr) -> None:
        self._keys: dict[str, bytes] = {}
        for line in text.get_secret_value().split():
            key_id, _, encoded = line.partition(":")
            key = base64.b64decode(encoded)
            if len(key) != 32:
                raise ValueError(f"master key {key_id!r} must be 32 bytes in base64")
            self._keys[key_id] = key
        if not self._keys:
            raise ValueError("no master key given: one line `key-id:base64 of 32 bytes` is needed")
        self.current_id = next(iter(self._keys))

    @staticmethod
    def generate(key_id: str = "k1") -> str:
        """A new master key in text form."""
        return f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"

    def wrap(self, key: bytes, associated: str) -> WrappedKey:
        return WrappedKey(self.current_id, seal(self._keys[self.current_id], key, b"wrap|" + associated.encode()))

    def unwrap(self, wrapped: WrappedKey, associated: str) -> bytes:
        if wrapped.key_id not in self._keys:
            raise KeyUnavailable(f"master key {wrapped.key_id!r} is not available here")
        return unseal(self._keys[wrapped.key_id], wrapped.wrapped, b"wrap|" + associated.encode())

    def derive(self, purpose: str, *, key_id: str | None = None, salt: bytes = b"") -> bytes:
        """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
        key = self._keys[key_id or self.current_id]
        return HKDF(SHA256(), 32, salt or None, b"tradehall|" + purpose.encode()).derive(key)


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """HMAC-SHA-256 over the parts, each length-prefixed so that no two lists of parts meet."""
    message = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
    return hmac.new(key, message, sha256).digest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compared in constant time."""
    as_bytes = (x.encode() if isinstance(x, str) else x for x in (one, other))
    return hmac.compare_digest(*as_bytes)
