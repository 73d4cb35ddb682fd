"""Examples of the OAuth endpoints."""

from deploy.gateway.examples.invented import ADA, CLIENT_ID, CLIENT_SECRET, ORGANIZATION, TOKEN, Example

_FORM = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
_USERINFO = Example({"sub": ADA, "name": "Ada", "email": "ada@broker.example", "email_verified": True})
_ISSUER = "https://tradehall.example"
_DISCOVERY = Example(
    {
        "issuer": _ISSUER,
        "authorization_endpoint": f"{_ISSUER}/oauth2/authorize",
        "token_endpoint": f"{_ISSUER}/oauth2/token",
        "jwks_uri": f"{_ISSUER}/oauth2/jwks",
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
    }
)
_AUTHORIZATION = {
    "response_type": "code",
    "client_id": "tradehall-cli",
    "redirect_uri": "http://127.0.0.1:53682/callback",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "scope": "openid profile email",
    "state": "af0ifjsldkj",
}

EXAMPLES = {
    "token": Example(
        {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "platforms:read"},
        {"grant_type": "client_credentials", **_FORM, "scope": "platforms:read"},
    ),
    "introspect": Example(
        {
            "active": True,
            "scope": "platforms:read",
            "client_id": CLIENT_ID,
            "token_type": "Bearer",
            "exp": 1773673500,
            "iat": 1773669900,
            "iss": _ISSUER,
            "sub": CLIENT_ID,
            "aud": f"{_ISSUER}/api",
            "jti": "591f0b36-e85e-4090-8076-97e1505266a7",
            "org": ORGANIZATION,
        },
        {"token": TOKEN, **_FORM},
    ),
    "revoke": Example({}, {"token": TOKEN, **_FORM}),
    "openid_configuration": _DISCOVERY,
    "oauth_authorization_server": _DISCOVERY,
    "jwks": Example(
        {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
                    "use": "sig",
                    "alg": "ES256",
                    "kid": "an-invented-key",
                }
            ]
        }
    ),
    "authorize": Example(query=_AUTHORIZATION),
    "authorize_by_form": Example(body=_AUTHORIZATION),
    "userinfo": _USERINFO,
    "userinfo_by_post": _USERINFO,
}
