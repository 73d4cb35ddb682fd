"""Whom the OAuth endpoints know: first-party clients, and the clients of organizations."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin

from identity.clients.secrets import secret_hash
from identity.oauth.first_party import FirstPartyProgram
from kit.security.keys import same

PEOPLES_SCOPES = ("openid", "profile", "email", "offline_access")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?/callback")
_PERSONS_GRANTS = frozenset({"authorization_code", "refresh_token"})


def is_loopback_callback(uri: str) -> bool:
    """RFC 8252 7.3: any port of the person's own machine, by its address, at /callback."""
    found = _LOOPBACK.fullmatch(uri)
    return found is not None and 0 < int(found[1] or 80) < 65536


class KnownClient(ClientMixin):  # type: ignore[misc]
    """What Authlib's core asks of a client."""

    client_id: str
    scopes: tuple[str, ...]
    grants: frozenset[str]
    auth_methods: frozenset[str]

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """There is none: a request names its redirect_uri (OpenID Connect Core 3.1.2.1)."""
        return

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The wanted part of what the client may have, or None if it wants more (RFC 6749 3.3)."""
        wanted = (scope or "").split()
        return " ".join(one for one in self.scopes if one in wanted) if set(wanted) <= set(self.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return False

    def check_client_secret(self, client_secret: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in self.auth_methods

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and "authorization_code" in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


@dataclass(frozen=True)
class FirstPartyClient(KnownClient):
    """One of Tradehall's own programs, in which people sign in without a consent page."""

    client_id: str
    redirect_is_registered: Callable[[str], bool] = field(repr=False)
    post_logout_redirect_is_registered: Callable[[str], bool] = field(repr=False)
    secret_hash: bytes | None = field(default=None, repr=False)
    scopes = PEOPLES_SCOPES
    grants = _PERSONS_GRANTS

    @property
    def auth_methods(self) -> frozenset[str]:  # type: ignore[override]
        if self.secret_hash is None:
            return frozenset({"none"})
        return frozenset({"client_secret_basic", "client_secret_post"})

    def check_redirect_uri(self, redirect_uri: str) -> bool:
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
    """A client of an organization: it acts for itself, no person signs in through it."""

    id: UUID
    client_id: str
    organization_id: UUID
    scopes: tuple[str, ...]
    secrets: tuple[Secret, ...]
    grants = frozenset({"client_credentials"})
    auth_methods = frozenset({"client_secret_basic", "client_secret_post"})

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Without a wish, all that the client was granted."""
        return " ".join(self.scopes) if scope is None else super().get_allowed_scope(scope)

    def check_client_secret(self, client_secret: str) -> bool:
        return self.fitting(client_secret) is not None

    def fitting(self, client_secret: str) -> Secret | None:
        """The secret that this is, unless it has expired."""
        given, now = secret_hash(client_secret), datetime.now(UTC)
        # All are compared, so that the time taken does not tell which one fits.
        fitting = [secret for secret in self.secrets if same(secret.hash, given)]
        return next((each for each in fitting if each.expires_at is None or now < each.expires_at), None)


def first_party(
    public_url: str, portal_secret: str | None, programs: Iterable[FirstPartyProgram]
) -> Mapping[str, FirstPartyClient]:
    """`tradehall-cli` always; `tradehall-portal` where it has a secret; the programs that the settings name."""
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
