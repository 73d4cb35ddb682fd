"""Cookies of the portal: the session cookie, and a sealed cookie for each pending sign-in."""

import base64
import binascii
import json
import secrets
import time
from dataclasses import asdict, dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from kit.security.keys import KeyUnavailable, seal, unseal

_PATH = "/portal/callback"
_MAX_AGE = 3600  # seconds until the provider redirects back: a user may have to read an e-mail meanwhile


@dataclass(frozen=True)
class PendingSignIn:
    """What the callback is verified with (RFC 6749 section 10.12, RFC 7636); `then` is the page to open afterwards."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    then: str
    since: float

    @classmethod
    def begin(cls, then: str) -> "PendingSignIn":
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, then, time.time())


class Cookies:
    """Over TLS the session cookie has the prefix `__Host-`; without TLS browsers would refuse such a cookie.

    `key` seals pending sign-ins (32 bytes).
    """

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._key = key
        self.secure = secure
        self.name = "__Host-tradehall-portal" if secure else "tradehall-portal"

    def session_of(self, request: Request) -> str | None:
        return request.cookies.get(self.name)

    def set_session(self, response: Response, value: str) -> None:
        response.set_cookie(self.name, value, httponly=True, secure=self.secure, samesite="lax")

    def delete_session(self, response: Response) -> None:
        response.delete_cookie(self.name, httponly=True, secure=self.secure, samesite="lax")

    def set_sign_in(self, response: Response, sign_in: PendingSignIn) -> None:
        """One cookie for each tab in which a user signs in."""
        name = _name(sign_in.state)
        sealed = seal(self._key, json.dumps(asdict(sign_in)).encode(), name.encode())
        value = base64.urlsafe_b64encode(sealed).decode()
        response.set_cookie(
            name, value, max_age=_MAX_AGE, path=_PATH, httponly=True, secure=self.secure, samesite="lax"
        )

    def sign_in_of(self, request: Request, state: str) -> PendingSignIn | None:
        """The pending sign-in that this browser began with this state; None for any other state, and after an hour."""
        name = _name(state)
        try:
            sealed = base64.urlsafe_b64decode(request.cookies.get(name, ""))
            found = PendingSignIn(**json.loads(unseal(self._key, sealed, name.encode())))
        except (KeyUnavailable, binascii.Error, ValueError):
            return None
        matches = secrets.compare_digest(found.state.encode(), state.encode())
        return found if matches and time.time() - found.since < _MAX_AGE else None

    def delete_sign_in(self, response: Response, state: str) -> None:
        response.delete_cookie(_name(state), path=_PATH, httponly=True, secure=self.secure, samesite="lax")


def _name(state: str) -> str:
    return "tradehall-sign-in-" + "".join(c for c in state[:8] if c.isascii() and c.isalnum())
