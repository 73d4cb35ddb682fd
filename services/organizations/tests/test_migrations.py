"""Migrations that a release has keep their names and their order."""

from organizations.service import OrganizationsService

RELEASED = [
    "organizations-people-1",
    "organizations-views-1",
    "organizations-invitations-1",
    "organizations-audit-1",
    "organizations-heard-1",
    "organizations-heard-2",
    "organizations-shredder-1",
    "kit-limiter-1",
    "kit-limiter-2",
]


def test_released_migrations_keep_their_names_and_order() -> None:
    assert [name for name, _ in OrganizationsService.migrations][: len(RELEASED)] == RELEASED
