"""OAuth 2.0 and OpenID Connect on Authlib's framework-independent core and joserfc."""

from collections.abc import Callable
from datetime import datetime

from identity.clients.secret_uses import SecretUses
from identity.oauth.api import routes
from identity.oauth.authorize import codes
from identity.oauth.authorize.codes import Codes
from identity.oauth.client_cache import ClientCache
from identity.oauth.id_token_hints import Hints
from identity.oauth.known_clients import first_party
from identity.oauth.revocation_cache import Changes
from identity.oauth.server import AuthorizationServer, Sessions
from identity.oauth.token import refresh_tokens as families
from identity.oauth.token.endpoints import WRONG_CREDENTIALS, TokenEndpoints
from identity.oauth.token.issuing import Issuing
from identity.oauth.token.refresh_tokens import Families
from identity.settings import Settings
from identity.signing_keys.service import SigningKeys
from identity.store import IdentityStore
from kit.security.service_keys import ServiceKeys

SCHEMA = [*codes.SCHEMA, *families.SCHEMA]

__all__ = [
    "SCHEMA",
    "WRONG_CREDENTIALS",
    "AuthorizationServer",
    "Changes",
    "ClientCache",
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
    """The authorization server of one installation. To be run beside it: `Changes.run`; to be called now and
    then: `families.forget_old` and `codes.forget_old`."""
    portal_secret = settings.portal_secret.get_secret_value() if settings.portal_secret else None
    return AuthorizationServer(
        store,
        first_party(settings.public_url, portal_secret, settings.first_party_clients),
        cache,
        Issuing(settings.public_url, signing_keys, clock),
        Codes(store.database, clock),
        Families(store, service_keys.key("refresh-answers"), clock),
        sessions,
        Hints(settings.public_url, signing_keys),
        secret_uses,
        clock,
    )
