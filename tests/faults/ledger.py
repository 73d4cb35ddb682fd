"""The changes that the system has acknowledged in one run."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from testing.driver import UserDriver

Secret = tuple[str, str]
"""What it is, and itself."""


Held = tuple[str, list[str] | None]
"""A member's role, and the platforms they are limited to."""


@dataclass
class Client:
    """`id` is its UUID, `client_id` its `thc_…`."""

    id: str
    client_id: str
    secret: str


@dataclass
class Organization:
    """One organization as its owner knows it; only the owner's thread writes here.

    `members` are those who have joined, by address with what they hold, `former` those removed; `invitations` those
    made, with address and state, by id; `platforms` with the login of their credentials, by id; `changes` counts
    events by type that must be there, once.
    """

    id: str
    owner: UserDriver
    names: list[str]
    members: dict[str, Held] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    invitations: dict[str, tuple[str, str]] = field(default_factory=dict)
    platforms: dict[str, str | None] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    repeatable: Counter[str] = field(default_factory=Counter)
    """How often a call that may take effect again was repeated, by the event it gives."""


@dataclass
class Ledger:
    """`operations` counts what was acknowledged; `sent_in` holds the addresses that were registered."""

    people: list[UserDriver] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    sent_in: set[str] = field(default_factory=set)
    organizations: list[Organization] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    operations: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def done(self) -> None:
        """One more operation was acknowledged."""
        with self.changed:
            self.operations += 1
            self.changed.notify_all()

    def reached(self, operations: int, seconds: float) -> bool:
        """Wait until so many operations were acknowledged."""
        with self.changed:
            return self.changed.wait_for(lambda: self.operations >= operations, seconds)
