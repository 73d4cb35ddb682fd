"""The clients that the OAuth endpoints know: first-party clients, and the clients of organizations."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from identity.clients.secrets import secret_hash
from identity.oauth.first_party import FirstPartyProgram
from kit.security.keys import same

AuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]
"""How a client authenticates (RFC 7591 2)."""
USER_SCOPES = ("openid", "profile", "email", "offline_access")
SECRET_METHODS: tuple[AuthMethod, ...] = ("client_secret_basic", "client_secret_post")
ALL_METHODS: tuple[AuthMethod, ...] = (*SECRET_METHODS, "none")
_CONFIDENTIAL: frozenset[AuthMethod] = frozenset(SECRET_METHODS)
_PUBLIC: frozenset[AuthMethod] = frozenset({"none"})
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?/callback")


def is_loopback_callback(uri: str) -> bool:
    """RFC 8252 7.3: any port of the user's own machine, by its address, at /callback."""
    found = _LOOPBACK.fullmatch(uri)
    return found is not None and 0 < int(found[1] or 80) < 65536


def narrowed(granted: Iterable[str], wanted: str) -> str | None:
    """The wanted part of the scopes that were granted, or None if it holds another one (RFC 6749 3.3)."""
    granted, names = tuple(granted), set(wanted.split())
    return " ".join(scope for scope in granted if scope in names) if names <= set(granted) else None


class KnownClient(ABC):
    """What the endpoints ask of a client."""

    client_id: str
    scopes: tuple[str, ...]
    grants: frozenset[str]

    @property
    @abstractmethod
    def auth_methods(self) -> frozenset[AuthMethod]:
        """The ways in which this client may authenticate."""

    @abstractmethod
    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is a secret of the client; compares in constant time."""

    def allowed_scope(self, wanted: str | None) -> str | None:
        """The wanted part of what the client may have, or None if it wants more (RFC 6749 3.3)."""
        return narrowed(self.scopes, wanted or "")


@dataclass(frozen=True)
class FirstPartyClient(KnownClient):
    """One of Tradehall's own programs, in which users sign in without a consent page."""

    client_id: str
    redirect_is_registered: Callable[[str], bool] = field(repr=False)
    post_logout_redirect_is_registered: Callable[[str], bool] = field(repr=False)
    secret_hash: bytes | None = field(default=None, repr=False)
    scopes = USER_SCOPES
    grants = frozenset({"authorization_code", "refresh_token"})

    @property
    def auth_methods(self) -> frozenset[AuthMethod]:
        return _PUBLIC if self.secret_hash is None else _CONFIDENTIAL

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compares to the letter, but for a loopback port (RFC 9700 2.1, RFC 8252 7.3)."""
        return self.redirect_is_registered(redirect_uri)

    def check_post_logout_redirect_uri(self, uri: str) -> bool:
        """OpenID Connect RP-Initiated Logout 3.1."""
        return self.post_logout_redirect_is_registered(uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return self.secret_hash is not None and same(self.secret_hash, secret_hash(client_secret))


@dataclass(frozen=True)
class Secret:
    """The SHA-256 of a secret, and when it stops working."""

    id: UUID
    hash: bytes = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True)
class OrganizationClient(KnownClient):
    """A client of an organization: it acts for itself, no user signs in through it."""

    id: UUID
    client_id: str
    organization_id: UUID
    scopes: tuple[str, ...]
    secrets: tuple[Secret, ...]
    grants = frozenset({"client_credentials"})

    @property
    def auth_methods(self) -> frozenset[AuthMethod]:
        return _CONFIDENTIAL

    def allowed_scope(self, wanted: str | None) -> str | None:
        """All scopes that the client was granted, if it names none."""
        return " ".join(self.scopes) if wanted is None else super().allowed_scope(wanted)

    def check_client_secret(self, client_secret: str) -> bool:
        return self.matching_secret(client_secret) is not None

    def matching_secret(self, client_secret: str) -> Secret | None:
        """The secret that this is, unless it has expired."""
        given, now = secret_hash(client_secret), datetime.now(UTC)
        # All are compared, so that the time taken does not show which one matches.
        matching = [secret for secret in self.secrets if same(secret.hash, given)]
        return next((each for each in matching if each.expires_at is None or now < each.expires_at), None)


def first_party(
    public_url: str, portal_secret: str | None, programs: Iterable[FirstPartyProgram]
) -> Mapping[str, FirstPartyClient]:
    """By client id: `tradehall-cli` always; `tradehall-portal` where it has a secret; the programs of the settings."""
    known = [FirstPartyClient("tradehall-cli", is_loopback_callback, is_loopback_callback)]
    if portal_secret:
        callback, signed_out = f"{public_url}/portal/callback", f"{public_url}/portal/signed-out"
        portal = FirstPartyClient("tradehall-portal", callback.__eq__, signed_out.__eq__, secret_hash(portal_secret))
        known.append(portal)
    known.extend(
        FirstPartyClient(
            program.client_id,
            program.redirect_uris.__contains__,
            program.post_logout_redirect_uris.__contains__,
            secret_hash(program.client_secret.get_secret_value()),
        )
        for program in programs
    )
    return {client.client_id: client for client in known}
