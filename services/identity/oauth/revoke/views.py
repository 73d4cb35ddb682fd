"""Which access tokens are revoked."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor

from identity.oauth.revoke.domain import RevokedToken
from kit.eventstore.projection import Projection, Rows, on
from kit.eventstore.store import Recorded


class RevokedTokenViews(Projection):
    """The migrations of clients make the table."""

    def rows(self) -> Sequence[Rows]:
        """Those of tokens that have not expired: expired ones are deleted, and no event says so."""
        return [Rows("revoked_tokens", "expires_at > now()")]

    def is_revoked(self, jti: str) -> bool:
        """Whether an access token was revoked before it expired."""
        return self.database.one("SELECT 1 AS one FROM revoked_tokens WHERE jti::text = %s", (jti,)) is not None

    @on(RevokedToken.Revoked)
    def _token_revoked(self, cursor: Cursor[Any], event: RevokedToken.Revoked, _: Recorded) -> None:
        cursor.execute(
            "INSERT INTO revoked_tokens VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (event.originator_id, event.expires_at),
        )
