"""The migrations of identity's database, from the schema.sql of each slice."""

from pathlib import Path

from kit.db.migrations import Migrations, read
from kit.messaging import stream_eraser
from kit.security import rate_limiter


def _of(slice_name: str) -> Migrations:
    return read(Path(__file__).parent / slice_name / "schema.sql")


_clients, _login_throttle = _of("clients"), _of("login_throttle")
# In the order in which releases added them, which is why some slices come twice.
MIGRATIONS: Migrations = (
    *_of("users"),
    *_clients[:3],
    *_of("sessions"),
    *_login_throttle[:1],
    *rate_limiter.SCHEMA,
    *_of("devices"),
    *_login_throttle[1:],
    *_of("registration"),
    *_of("signing_keys"),
    *_clients[3:],
    *_of("oauth/authorize"),
    *_of("oauth/token"),
    ("identity-shredder-1", stream_eraser.SCHEMA),
)
