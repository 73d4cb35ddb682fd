"""The table of routes, which is the gateway's only idea of who owns a path."""

import pytest

from deploy.tests.owners import service_of


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "identity"),
        ("/.well-known/openid-configuration", "identity"),
        ("/oauth2/token", "identity"),
        ("/register", "identity"),
        ("/password/reset/abc", "identity"),
        ("/invitations/abc", "identity"),
        ("/static/tradehall.css", "identity"),
        ("/api/v1/registrations", "identity"),
        ("/api/v1/me", "identity"),
        ("/api/v1/me/sessions/1", "identity"),
        ("/api/v1/operations/users/1/unlock", "identity"),
        ("/api/v1/operations/identity/dead-letters/1/replay", "identity"),
        ("/api/v1/operations/identity/parked/1/replay", "identity"),
        ("/api/v1/operations/platforms/operator-log", "platforms"),
        ("/api/v1/operations/organizations", "organizations"),
        ("/api/v1/operations/platforms/interventions", "platforms"),
        ("/api/v1/operations/notifications/mails", "notifications"),
        ("/api/v1/operations/elsewhere", None),
        ("/api/v1/organizations/1/clients", "identity"),
        ("/api/v1/organizations/1/clients/2/secrets/3", "identity"),
        ("/api/v1/organizations/1/platforms", "platforms"),
        ("/api/v1/organizations/1/platforms/2/checks", "platforms"),
        ("/api/v1/organizations", "organizations"),
        ("/api/v1/organizations/1/members/me", "organizations"),
        ("/api/v1/organizations/1/clientele", "organizations"),
        ("/api/v1/invitations/abc/accept", "organizations"),
        ("/portal", "portal"),
        ("/portal/callback", "portal"),
        ("/portals", None),
        ("/api/v1/menu", None),
        ("/api/v1/registrations/1", None),
        ("/api/v2/organizations", None),
        ("/registered", None),
        ("/metrics", None),
        ("/readyz", None),
        ("/livez", None),
    ],
)
def test_each_path_belongs_to_at_most_one_service(path: str, service: str | None) -> None:
    assert service_of(path) == service
