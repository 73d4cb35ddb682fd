"""What the examples are about: an invented broker, its people, its program and its platform. No value is real."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Example:
    """A request and its successful answer: JSON, or a form's fields; None where there is no body."""

    answer: Any = None
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


ORGANIZATION = "5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"
ADA, BOB = "8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21", "2d9a7c44-0b1e-4c55-9f67-1e8b3a5d7c32"
CLIENT, SECRET = "7a4e9d10-6c2b-4b8f-a1d5-3f9c0e2b8d43", "c3b8e5f2-9a17-4d60-b2c4-8e7f1a0d6b54"
PLATFORM = "e1d6a3b8-7c5f-4e29-8b0a-5d4c2f1e9a65"
INVITATION, SESSION = "94f7c2d5-1e8a-4a3b-9c6d-7b0e5f2a8c76", "b6a5d4c3-2f1e-4d0c-8b9a-0f1e2d3c4b87"
CHECK, CHANGE = "3e2d1c0b-9a8f-4e7d-8c6b-5a4f3e2d1c98", "0f9e8d7c-6b5a-5f4e-9d3c-2b1a0f9e8da9"
MAIL = "d8c7b6a5-f4e3-5d2c-8b1a-0f9e8d7c6bba"
CLIENT_ID, CLIENT_SECRET = "thc_Example0Client00", "thcs_An-invented-secret-that-opens-nothing-at-all_00"
LINK, TOKEN = "an-invented-token-of-an-invitation", "eyJhbGciOiJFUzI1NiJ9.an-invented-token.of-a-program"
LOGIN, MANAGER, DEAD_LETTER = 100001, 1000, 17
HOST, PORT = "mt5.broker.example", 1950
PASSWORD, NEW_PASSWORD = "seven small boats at noon", "nine green kites at dawn"
MANAGERS_PASSWORD = "an invented manager's"  # noqa: S105 - of nobody
EARLIER, NOW = "2026-03-02T09:30:00Z", "2026-03-16T14:05:00Z"
REQUEST = "4bf92f3577b34da6a3ce929d0e0e4736"

VALUES: Mapping[str, Any] = MappingProxyType(
    {
        "org": ORGANIZATION,
        "user": BOB,
        "platform": PLATFORM,
        "login": LOGIN,
        "token": LINK,
        "secret": SECRET,
        "dead_letter": DEAD_LETTER,
        "parked": DEAD_LETTER,
        "clients": CLIENT,
        "invitations": INVITATION,
        "sessions": SESSION,
    }
)
"""Of parameters in paths by name; of those called `id` by the part of the path before."""


def page(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "next_cursor": None}
