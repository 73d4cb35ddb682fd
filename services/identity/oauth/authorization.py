"""The authorization of a client by a user: the root of all tokens that the client receives for them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Authorization:
    """A user who has signed in for a client: in which session, when, and the token family that begins there.

    `nonce` is the one of the authorization request, for its own ID token only.
    """

    family: UUID
    user_id: UUID
    session_id: UUID
    signed_in_at: datetime
    nonce: str | None = None
