"""The interface of OAuth 2.0 and OpenID Connect to the rest of the service."""

from collections.abc import Callable
from datetime import datetime

from identity.clients.secret_uses import SecretUses
from identity.oauth.api import routes
from identity.oauth.authorize.codes import Codes
from identity.oauth.client_authentication import WRONG_CREDENTIALS
from identity.oauth.client_cache import ClientCache
from identity.oauth.id_token_hints import Hints
from identity.oauth.known_clients import first_party
from identity.oauth.revocation_cache import RevocationCache
from identity.oauth.server import AuthorizationServer, TokenEndpoints
from identity.oauth.sessions import Sessions
from identity.oauth.token.refresh_tokens import RefreshTokenStore
from identity.oauth.token.token_issuer import TokenIssuer
from identity.settings import Settings
from identity.signing_keys.service import SigningKeys
from identity.store import IdentityStore
from kit.security.service_keys import ServiceKeys

__all__ = [
    "WRONG_CREDENTIALS",
    "AuthorizationServer",
    "ClientCache",
    "RevocationCache",
    "TokenEndpoints",
    "provider",
    "routes",
]


def provider(
    settings: Settings,
    store: IdentityStore,
    cache: ClientCache,
    sessions: Sessions,
    signing_keys: SigningKeys,
    service_keys: ServiceKeys,
    secret_uses: SecretUses,
    clock: Callable[[], datetime],
) -> AuthorizationServer:
    """The authorization server of one installation.

    Run `RevocationCache.run` beside it, and call `delete_expired` of `codes` and `refresh_tokens` periodically.
    """
    portal_secret = settings.portal_secret.get_secret_value() if settings.portal_secret else None
    return AuthorizationServer(
        store,
        first_party(settings.public_url, portal_secret, settings.first_party_clients),
        cache,
        TokenIssuer(settings.public_url, signing_keys, clock),
        Codes(store.database, clock),
        RefreshTokenStore(store, service_keys.key("refresh-answers"), clock),
        sessions,
        Hints(settings.public_url, signing_keys),
        secret_uses,
        clock,
    )
