"""ID tokens that come back as hints: whom a program means, though the token may have expired."""

from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError

from identity.signing_keys.service import SigningKeys

_LONGEST = 4096  # characters


@dataclass(frozen=True)
class Hint:
    """The person, their session and the program that an ID token of ours was made for."""

    user_id: UUID
    session_id: UUID
    client_id: str


class Hints:
    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys

    def read(self, id_token: str) -> Hint | None:
        """None where the token is none of ours. That it has expired does not matter (RP-Initiated Logout 2)."""
        if len(id_token) > _LONGEST:
            return None
        try:
            found = jwt.decode(id_token, self._keys.verifying("RS256"), algorithms=["RS256"])
            if found.header.get("typ") != "JWT" or found.claims["iss"] != self._issuer:
                return None
            return Hint(UUID(found.claims["sub"]), UUID(found.claims["sid"]), str(found.claims["aud"]))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            return None
