"""Examples of what identity offers: accounts, programs, OAuth."""

from deploy.gateway.examples.invented import (
    ADA,
    CLIENT,
    CLIENT_ID,
    CLIENT_SECRET,
    EARLIER,
    NEW_PASSWORD,
    NOW,
    ORGANIZATION,
    PASSWORD,
    SECRET,
    SESSION,
    TOKEN,
    Example,
    page,
)

_ME = {"id": ADA, "email": "ada@broker.example", "name": "Ada", "created_at": EARLIER, "operator": False}
_ACCEPTED = Example({"status": "accepted"}, {"email": "grace@broker.example"})
_SESSION = {
    "id": SESSION,
    "created_at": EARLIER,
    "last_used_at": NOW,
    "address": "192.0.2.10",
    "device": "Firefox on Linux",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "current": True,
}
_USE = {"at": NOW, "address": "192.0.2.20"}
_SECRET = {
    "id": SECRET,
    "name": "first",
    "created_at": EARLIER,
    "expires_at": None,
    "first_used": _USE,
    "last_used": _USE,
}
_NEW_CLIENT = {"name": "Risk monitor", "scopes": ["platforms:read", "accounts:read"]}
_CLIENT = {
    "id": CLIENT,
    "client_id": CLIENT_ID,
    **_NEW_CLIENT,
    "limits": {"platforms": None},
    "secrets": [_SECRET],
    "created_at": EARLIER,
}
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
    "register": _ACCEPTED,
    "request_password_reset": _ACCEPTED,
    "get_me": Example(_ME),
    "rename_me": Example(_ME, {"name": "Ada"}),
    "change_my_password": Example(body={"current_password": PASSWORD, "new_password": NEW_PASSWORD}),
    "list_my_sessions": Example(page(_SESSION)),
    "end_my_sessions": Example(query={"others": True}),
    "end_my_session": Example(),
    "list_clients": Example(page(_CLIENT)),
    "create_client": Example(
        {**_CLIENT, "client_secret": CLIENT_SECRET, "secrets": [{**_SECRET, "first_used": None, "last_used": None}]},
        _NEW_CLIENT,
    ),
    "get_client": Example(_CLIENT),
    "change_client": Example({**_CLIENT, "scopes": ["platforms:read"]}, {"scopes": ["platforms:read"]}),
    "remove_client": Example(),
    "issue_client_secret": Example(
        {"id": SECRET, "client_secret": CLIENT_SECRET}, {"name": "second", "expires_at": "2036-03-02T00:00:00Z"}
    ),
    "end_client_secret": Example(),
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
