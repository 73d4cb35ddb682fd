"""Which access tokens are revoked."""

from typing import Any, ClassVar

from psycopg import Cursor

from identity.oauth.revoke.domain import RevokedToken
from kit.eventstore.store import Recorded
from kit.eventstore.views import Views, on


class RevokedTokenViews(Views):
    """The migrations of clients make the table."""

    tables: ClassVar[tuple[str, ...]] = ("revoked_tokens",)

    def is_revoked(self, jti: str) -> bool:
        """Whether an access token was revoked before it expired."""
        return self.database.one("SELECT 1 AS one FROM revoked_tokens WHERE jti::text = %s", (jti,)) is not None

    @on(RevokedToken.Revoked)
    def _token_revoked(self, cursor: Cursor[Any], event: RevokedToken.Revoked, _: Recorded) -> None:
        cursor.execute(
            "INSERT INTO revoked_tokens VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (event.originator_id, event.expires_at),
        )
