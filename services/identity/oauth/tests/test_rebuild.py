"""The read model of revoked tokens, rebuilt after expired ones were deleted."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from identity.oauth.revoke.service import revoke
from identity.tests.container import ContainerFixture
from kit.eventstore.rebuild import rebuild


def test_a_rebuild_restores_all_but_expired_revocations(parts: ContainerFixture) -> None:
    now = datetime.now(UTC)
    expired, valid = uuid4(), uuid4()
    with parts.database.transaction():
        revoke(parts.store, {expired: now - timedelta(hours=1), valid: now + timedelta(hours=1)})
    parts.oauth.refresh_tokens.delete_expired()
    assert rebuild(parts.store).differing == {}
    parts.database.execute("DELETE FROM revoked_tokens")
    assert rebuild(parts.store).differing == {"revoked_tokens": 1}
    assert [row["jti"] for row in parts.database.all("SELECT jti FROM revoked_tokens")] == [valid]
