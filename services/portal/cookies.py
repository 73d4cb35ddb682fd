"""The portal's cookies: the session's, and a sealed one for each sign-in under way."""

import base64
import binascii
import json
import secrets
import time
from dataclasses import asdict, dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from kit.security.keys import KeyUnavailable, seal, unseal

_WAY = "/portal/callback"
_GOOD_FOR = 3600  # seconds between leaving for the sign-in page and coming back: somebody may have to read a mail


@dataclass(frozen=True)
class SignInUnderWay:
    """What must fit when the browser comes back; `then` is where it wanted to go."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    then: str
    since: float

    @classmethod
    def begin(cls, then: str) -> "SignInUnderWay":
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, then, time.time())


class Cookies:
    """Over TLS the session's is `__Host-`; without TLS a browser takes no such cookie. `key` seals sign-ins."""

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._key = key
        self.secure = secure
        self.name = "__Host-tradehall-portal" if secure else "tradehall-portal"

    def session_of(self, request: Request) -> str | None:
        return request.cookies.get(self.name)

    def give_session(self, response: Response, value: str) -> None:
        response.set_cookie(self.name, value, httponly=True, secure=self.secure, samesite="lax")

    def take_session(self, response: Response) -> None:
        response.delete_cookie(self.name, httponly=True, secure=self.secure, samesite="lax")

    def give_sign_in(self, response: Response, sign_in: SignInUnderWay) -> None:
        """One for each tab in which somebody signs in."""
        name = _name(sign_in.state)
        sealed = seal(self._key, json.dumps(asdict(sign_in)).encode(), name.encode())
        value = base64.urlsafe_b64encode(sealed).decode()
        response.set_cookie(
            name, value, max_age=_GOOD_FOR, path=_WAY, httponly=True, secure=self.secure, samesite="lax"
        )

    def sign_in_of(self, request: Request, state: str) -> SignInUnderWay | None:
        """The sign-in that this browser began with this state."""
        name = _name(state)
        try:
            sealed = base64.urlsafe_b64decode(request.cookies.get(name, ""))
            found = SignInUnderWay(**json.loads(unseal(self._key, sealed, name.encode())))
        except (KeyUnavailable, binascii.Error, ValueError):
            return None
        fits = secrets.compare_digest(found.state.encode(), state.encode())
        return found if fits and time.time() - found.since < _GOOD_FOR else None

    def take_sign_in(self, response: Response, state: str) -> None:
        response.delete_cookie(_name(state), path=_WAY, httponly=True, secure=self.secure, samesite="lax")


def _name(state: str) -> str:
    return "tradehall-sign-in-" + "".join(c for c in state[:8] if c.isascii() and c.isalnum())
