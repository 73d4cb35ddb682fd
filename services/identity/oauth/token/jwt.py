"""JWTs signed with ES256 by `cryptography` itself: twice as fast as through joserfc, which verifies them."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import Key

# One for all, since json.dumps makes an encoder for each call that asks for these separators.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_ES256 = ECDSA(SHA256())


def compact_json(value: Mapping[str, Any]) -> bytes:
    """Without a space, in ASCII."""
    return _encode(value).encode()


def es256(key: Key, kind: str, claims: Mapping[str, Any]) -> str:
    """The compact serialization (RFC 7515 7.1) of claims; `kind` is the header's `typ`."""
    private = key.private_key
    assert isinstance(private, EllipticCurvePrivateKey)
    signed = _header(str(key.kid), kind) + b"." + _base64url(compact_json(claims))
    # RFC 7518 3.4: both numbers of the signature, 32 bytes each.
    r, s = decode_dss_signature(private.sign(signed, _ES256))
    return (signed + b"." + _base64url(r.to_bytes(32) + s.to_bytes(32))).decode()


@lru_cache(16)
def _header(kid: str, kind: str) -> bytes:
    return _base64url(compact_json({"alg": "ES256", "typ": kind, "kid": kid}))


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
