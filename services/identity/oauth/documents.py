"""Parameters and errors of the OAuth endpoints in the OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

_DESCRIBED: Mapping[str, tuple[str, str]] = {
    "client_id": ("The id of the client, if it is not in the Authorization header.", "thc_Example0Client00"),
    "client_secret": (
        "A secret of the client, if the request has no Authorization header.",
        "thcs_An-invented-secret-that-opens-nothing-at-all_00",
    ),
    "code": ("The authorization code. With the grant authorization_code only.", "thac_an-invented-code"),
    "code_challenge": (
        "The SHA-256 of the code_verifier, base64url-encoded without padding (RFC 7636).",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ),
    "code_challenge_method": ("The method of the code_challenge.", "S256"),
    "code_verifier": (
        "The random text of 43 to 128 characters that the code_challenge was made from. With the grant "
        "authorization_code only.",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    "grant_type": ("How the client obtains tokens.", "client_credentials"),
    "id_token_hint": (
        "An ID token that the client received before; it may have expired. Only its user can sign in.",
        "eyJhbGciOiJSUzI1NiJ9.an-invented.id-token",
    ),
    "login_hint": ("The email address to fill in on the sign-in page.", "ada@broker.example"),
    "max_age": ("The maximum age of the sign-in, in seconds. An older one must be renewed.", "3600"),
    "nonce": ("A random text that is repeated in the ID token. At most 2048 characters.", "n-0S6_WzA2Mj"),
    "prompt": (
        "Space-separated: none (show no page), login or select_account (sign in again), consent (ignored).",
        "login",
    ),
    "redirect_uri": ("An address that is registered for the client.", "http://127.0.0.1:53682/callback"),
    "refresh_token": ("A refresh token. With the grant refresh_token only.", "thrt_an-invented-refresh-token"),
    "response_mode": ("How the answer reaches the client. Without it: query.", "query"),
    "response_type": ("What the client requests.", "code"),
    "scope": (
        "Space-separated scopes. Without it, a client of an organization and a refresh token receive all that they "
        "were granted.",
        "platforms:read accounts:read",
    ),
    "state": ("A random text that is repeated in the answer, against request forgery.", "af0ifjsldkj"),
    "token": ("An access token or a refresh token.", "eyJhbGciOiJFUzI1NiJ9.an-invented-token.of-a-program"),
    "token_type_hint": ("The type of the token. It is not needed, and a wrong one is ignored.", "access_token"),
}


class OAuthError(BaseModel):
    """An error as OAuth 2.0 defines it (RFC 6749 5.2)."""

    error: str = Field(description="The code of the error, for programs.", examples=["invalid_request"])
    error_description: str | None = Field(
        default=None,
        description="What is wrong, for the developer of the client.",
        examples=["The parameter 'grant_type' is missing."],
    )


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": OAuthError, "description": "The request is not valid. `error` says why."},
    401: {"model": OAuthError, "description": "The client could not be authenticated: invalid_client."},
}


def form(required: list[str], *optional: str, **choices: Sequence[str]) -> dict[str, Any]:
    """A request whose body has these parameters; `choices` are the values that a parameter may have."""
    schema = {"type": "object", "required": required, "properties": _properties(required, optional, choices)}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def query(required: list[str], *optional: str, **choices: Sequence[str]) -> dict[str, Any]:
    """A request whose query has these parameters."""
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": schema.pop("description"),
            "schema": schema,
        }
        for name, schema in _properties(required, optional, choices).items()
    ]
    return {"parameters": parameters}


def _properties(
    required: Iterable[str], optional: Iterable[str], choices: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    properties = {name: _schema(name) for name in optional}
    properties |= {name: {**_schema(name), "minLength": 1} for name in required}
    for name, values in choices.items():
        properties[name]["enum"] = list(values)
    return properties


def _schema(name: str) -> dict[str, Any]:
    description, example = _DESCRIBED[name]
    return {"type": "string", "description": description, "examples": [example]}
