"""The provider as somebody else's software sees it: Authlib's own OAuth 2.0 client."""

from urllib.parse import urlsplit

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.oauth.tests.provider import CLI_CALLBACK, ISSUER, PORTAL_SECRET, Provider


def client_of(provider: Provider, **options: object) -> OAuth2Client:
    """Authlib's client, speaking to the service in this process."""
    return OAuth2Client(transport=provider.http._transport, base_url=ISSUER, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"client_id": "tradehall-cli", "token_endpoint_auth_method": "none", "redirect_uri": CLI_CALLBACK},
        {
            "client_id": "tradehall-portal",
            "client_secret": PORTAL_SECRET,
            "token_endpoint_auth_method": "client_secret_post",
            "redirect_uri": f"{ISSUER}/portal/callback",
        },
    ],
)
def test_a_user_signs_in_and_the_tokens_are_refreshed(provider: Provider, options: dict[str, str]) -> None:
    document = provider.http.get("/.well-known/openid-configuration").json()
    person = provider.person()
    scope = "openid profile email offline_access"
    verifier = "v" * 64
    with client_of(provider, scope=scope, code_challenge_method="S256", **options) as client:
        url, state = client.create_authorization_url(
            document["authorization_endpoint"], code_verifier=verifier, nonce="n-0S6"
        )
        parts = urlsplit(url)
        answer = provider.http.get(f"{parts.path}?{parts.query}", headers={"Cookie": f"tradehall={person.cookie}"})
        token = client.fetch_token(
            document["token_endpoint"],
            authorization_response=answer.headers["location"],
            code_verifier=verifier,
            state=state,
        )
        keys = KeySet.import_key_set(provider.http.get("/oauth2/jwks").json())
        found = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
        CodeIDToken(
            found.claims,
            found.header,
            options={"iss": {"value": document["issuer"]}, "aud": {"value": client.client_id}},
            params={"nonce": "n-0S6", "client_id": client.client_id, "access_token": token["access_token"]},
        ).validate()
        assert client.get(document["userinfo_endpoint"]).json()["sub"] == found.claims["sub"] == str(person.id)

        renewed = client.refresh_token(document["token_endpoint"])
        assert renewed["refresh_token"] != token["refresh_token"]
        assert client.get(document["userinfo_endpoint"]).json()["sub"] == str(person.id)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_client_gets_a_token_and_calls_the_api(provider: Provider, method: str) -> None:
    known = provider.new_client()
    with client_of(
        provider,
        client_id=known["client_id"],
        client_secret=known["client_secret"],
        token_endpoint_auth_method=method,
    ) as client:
        token = client.fetch_token(f"{ISSUER}/oauth2/token", grant_type="client_credentials", scope="events:read")
        assert token["scope"] == "events:read"
        assert client.get(f"{ISSUER}/api/v1/organizations/{known['organization']}/clients").status_code == 403

        with pytest.raises(OAuthError, match="invalid_scope"):
            client.fetch_token(f"{ISSUER}/oauth2/token", grant_type="client_credentials", scope="platforms:write")
