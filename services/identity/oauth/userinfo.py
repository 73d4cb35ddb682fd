"""Who has signed in (OpenID Connect Core 5.3), by the scope of the access token."""

from collections.abc import Collection
from typing import Any, Protocol
from uuid import UUID

from kit.errors import Forbidden


class Person(Protocol):
    """`email` and `name` are None once erased, `name` also while none was given."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def verified(self) -> bool: ...


class InsufficientScope(Forbidden):
    """RFC 6750 3.1."""

    code = "insufficient-scope"
    title = "The access token was not given for this"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}.")
        self.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}"'


def claims(person: Person, scopes: Collection[str]) -> dict[str, Any]:
    """Raises InsufficientScope without openid. A claim that has no value is left out (5.3.2)."""
    if "openid" not in scopes:
        raise InsufficientScope("openid")
    found: dict[str, Any] = {"sub": str(person.id)}
    if "profile" in scopes and person.name is not None:
        found["name"] = person.name
    if "email" in scopes and person.email is not None:
        found |= {"email": person.email, "email_verified": person.verified}
    return found
