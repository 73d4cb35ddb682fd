"""The token of an invitation's link: derived, never stored, and invalid as soon as there is a newer one."""

import base64
import binascii
from uuid import UUID

from kit.errors import NotFound
from kit.security.keys import keyed_hash, same
from organizations.invitations.domain import InvitationReplaced

_ID_BYTES = 16


class Links:
    """Tokens `<base64url of the invitation's id>.<base64url of its HMAC-SHA-256>`, one for each generation."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, invitation_id: UUID, generation: int) -> str:
        """The same token whenever it is asked for."""
        mac = keyed_hash(self._key, "invitation-link", str(invitation_id), str(generation))
        return f"{_encoded(invitation_id.bytes)}.{_encoded(mac)}"

    @staticmethod
    def invitation_id(token: str) -> UUID:
        """The invitation that a token names, not verified yet. Raises NotFound for what is no token."""
        identifier = token.partition(".")[0]
        try:
            raw = base64.b64decode(identifier + "=" * (-len(identifier) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotFound from error
        if len(raw) != _ID_BYTES:
            raise NotFound
        return UUID(bytes=raw)

    def must_open(self, token: str, invitation_id: UUID, generation: int) -> None:
        """Raises InvitationReplaced for a token of an earlier generation, NotFound for a forged one."""
        if same(token.encode("utf-8", "replace"), self.token(invitation_id, generation).encode()):
            return
        for earlier in range(1, generation):
            if same(token.encode("utf-8", "replace"), self.token(invitation_id, earlier).encode()):
                raise InvitationReplaced
        raise NotFound


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
