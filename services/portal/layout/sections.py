"""The sections of an organization's pages, as the header lists them."""

from contracts.permissions import Permission

SECTIONS: tuple[tuple[str, Permission | None], ...] = (
    ("overview", None),
    ("platforms", Permission.PLATFORMS_READ),
    ("users", Permission.MEMBERS_READ),
    ("clients", Permission.CLIENTS_READ),
    ("activity", Permission.AUDIT_READ),
)
"""Each section's name and the permission that shows it, or None for everybody. `nav.<name>` is its text."""
