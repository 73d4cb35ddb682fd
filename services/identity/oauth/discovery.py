"""What the provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), from the server as it is wired."""

from typing import Any

from contracts.permissions import Scope
from identity.oauth.authorize.checks import PROMPTS, RESPONSE_MODES
from identity.oauth.known_clients import PEOPLES_SCOPES
from identity.oauth.logout import checks as logout
from identity.oauth.revoke.endpoint import Revocation
from identity.oauth.server import AuthorizationServer
from identity.oauth.token.endpoints import SECRET_METHODS


def metadata(server: AuthorizationServer) -> dict[str, Any]:
    """The same at both well-known addresses; every address in it begins with the issuer, to the letter."""
    issuer = server.issuing.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/oauth2/userinfo",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "end_session_endpoint": f"{issuer}{logout.PATH}",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "scopes_supported": [*PEOPLES_SCOPES, *map(str, Scope)],
        "response_types_supported": ["code"],
        "response_modes_supported": [*RESPONSE_MODES],
        "grant_types_supported": server.grant_types,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [*SECRET_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": [*SECRET_METHODS],
        "revocation_endpoint_auth_methods_supported": [*Revocation.CLIENT_AUTH_METHODS],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": [*PROMPTS],
        "claims_supported": [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "sid",
            "name",
            "email",
            "email_verified",
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }
