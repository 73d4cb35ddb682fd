"""A section of an organization's pages, as the header lists it."""

from dataclasses import dataclass

from contracts.permissions import Permission


@dataclass(frozen=True)
class Section:
    """`nav.<name>` is its text, and `permission` shows it; None shows it to everybody."""

    name: str
    permission: Permission | None
