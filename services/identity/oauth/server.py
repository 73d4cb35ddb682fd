"""The authorization server of one installation: what its endpoints share, and which grants it has."""

from collections.abc import Callable, Mapping
from datetime import datetime

from identity.clients.secret_uses import SecretUses
from identity.oauth.authorize.codes import Codes
from identity.oauth.authorize.endpoint import AuthorizationEndpoint
from identity.oauth.client_authentication import AddressOf, ClientAuthentication
from identity.oauth.client_cache import ClientCache
from identity.oauth.id_token_hints import Hints
from identity.oauth.introspect.endpoint import IntrospectionEndpoint
from identity.oauth.known_clients import FirstPartyClient
from identity.oauth.revocation_cache import RevocationCache
from identity.oauth.revoke.endpoint import RevocationEndpoint
from identity.oauth.sessions import Sessions
from identity.oauth.token.authorization_code import AuthorizationCodeGrant
from identity.oauth.token.client_credentials import ClientCredentialsGrant
from identity.oauth.token.endpoint import Grant, TokenEndpoint
from identity.oauth.token.refresh_token import RefreshTokenGrant
from identity.oauth.token.refresh_tokens import RefreshTokenStore
from identity.oauth.token.token_issuer import TokenIssuer
from identity.oauth.token.user_tokens import UserTokens
from identity.store import IdentityStore
from kit.security.rate_limiter import FailureThrottle
from kit.security.tokens import Verifier


class AuthorizationServer:
    """`clock` returns the time in UTC."""

    def __init__(
        self,
        store: IdentityStore,
        first_party: Mapping[str, FirstPartyClient],
        organization_clients: ClientCache,
        issuer: TokenIssuer,
        codes: Codes,
        refresh_tokens: RefreshTokenStore,
        sessions: Sessions,
        hints: Hints,
        secret_uses: SecretUses,
        clock: Callable[[], datetime],
    ) -> None:
        self.store = store
        self.first_party = first_party
        self.organization_clients = organization_clients
        self.issuer = issuer.issuer
        self.codes = codes
        self.refresh_tokens = refresh_tokens
        self.sessions = sessions
        self.hints = hints
        self.secret_uses = secret_uses
        self.clock = clock
        tokens = UserTokens(issuer, refresh_tokens, sessions)
        self.grants: tuple[Grant, ...] = (
            AuthorizationCodeGrant(codes, refresh_tokens, sessions, tokens),
            ClientCredentialsGrant(issuer),
            RefreshTokenGrant(refresh_tokens, sessions, tokens),
        )
        self.authorization = AuthorizationEndpoint(self.issuer, first_party, hints, store, codes, clock)

    def may_redirect(self, client_id: str, redirect_uri: str) -> bool:
        """Whether a client in which users sign in is registered with this address."""
        client = self.first_party.get(client_id)
        return client is not None and client.check_redirect_uri(redirect_uri)


class TokenEndpoints:
    """The endpoints that programs call with a form. `failures` throttles clients with wrong credentials."""

    def __init__(
        self,
        server: AuthorizationServer,
        verifier: Verifier,
        revocations: RevocationCache,
        address_of: AddressOf,
        failures: FailureThrottle,
    ) -> None:
        authentication = ClientAuthentication(
            server.first_party, server.organization_clients, server.secret_uses, address_of, failures
        )
        families = server.refresh_tokens
        self.token = TokenEndpoint(server.store, authentication, server.grants)
        self.introspect = IntrospectionEndpoint(
            authentication,
            verifier,
            revocations,
            server.organization_clients,
            families,
            server.sessions,
            server.clock,
        )
        self.revoke = RevocationEndpoint(server.store, authentication, verifier, families, revocations)
