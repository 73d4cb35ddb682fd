"""ID tokens that come back as hints: they identify a user, even after they have expired."""

from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError

from identity.signing_keys.service import SigningKeys

_LONGEST = 4096  # characters


@dataclass(frozen=True)
class Hint:
    """The user, their session and the client that an ID token of this system was issued for."""

    user_id: UUID
    session_id: UUID
    client_id: str


class Hints:
    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys

    def read(self, id_token: str) -> Hint | None:
        """None if the token was not issued here. It may have expired (RP-Initiated Logout 2)."""
        if len(id_token) > _LONGEST:
            return None
        try:
            found = jwt.decode(id_token, self._keys.verifying("RS256"), algorithms=["RS256"])
            if found.header.get("typ") != "JWT" or found.claims["iss"] != self._issuer:
                return None
            return Hint(UUID(found.claims["sub"]), UUID(found.claims["sid"]), str(found.claims["aud"]))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            return None
