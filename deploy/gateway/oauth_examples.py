"""Examples of the OAuth endpoints, whose parameters depend on each other: `query`, `request` and `answer`."""

from collections.abc import Mapping
from typing import Any

_ISSUER = "https://tradehall.example"
_CLIENT = {
    "client_id": "thc_Example0Client00",
    "client_secret": "thcs_An-invented-secret-that-opens-nothing-at-all_00",
}
_TOKEN = {"token": "eyJhbGciOiJFUzI1NiJ9.an-invented-token.of-a-program", **_CLIENT}
_METADATA = {
    "issuer": _ISSUER,
    "authorization_endpoint": f"{_ISSUER}/oauth2/authorize",
    "token_endpoint": f"{_ISSUER}/oauth2/token",
    "jwks_uri": f"{_ISSUER}/oauth2/jwks",
    "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
    "code_challenge_methods_supported": ["S256"],
}
_AUTHORIZATION = {
    "response_type": "code",
    "client_id": "tradehall-cli",
    "redirect_uri": "http://127.0.0.1:53682/callback",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "scope": "openid profile email",
    "state": "af0ifjsldkj",
}

OAUTH: Mapping[str, Mapping[str, Any]] = {
    "token": {
        "request": {"grant_type": "client_credentials", **_CLIENT, "scope": "platforms:read"},
        "answer": {
            "access_token": _TOKEN["token"],
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "platforms:read",
        },
    },
    "introspect": {"request": _TOKEN},
    "revoke": {"request": _TOKEN, "answer": {}},
    "openid_configuration": {"answer": _METADATA},
    "oauth_authorization_server": {"answer": _METADATA},
    "authorize": {"query": _AUTHORIZATION},
    "authorize_by_form": {"request": _AUTHORIZATION},
}
"""By operation."""
