"""The provider as Authlib's client sees it: a public program, a confidential one, and a client of an organization."""

from urllib.parse import urlencode

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet

from testing.driver import CALLBACK, CLI, SystemDriver, UserDriver
from testing.programs import Programs
from tests.conformance.browser import Arrival, Browser


@pytest.fixture
def metadata(driver: SystemDriver) -> OpenIDProviderMetadata:
    return OpenIDProviderMetadata(driver.http.get("/.well-known/openid-configuration").json())


def test_authlib_accepts_the_metadata(metadata: OpenIDProviderMetadata) -> None:
    # The issuer and its endpoints must be https for Authlib; on one machine they are not.
    for name, value in metadata.items():
        if isinstance(value, str):
            metadata[name] = value.replace("http://", "https://")
    metadata.validate()


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
def test_a_user_signs_in_and_out(
    metadata: OpenIDProviderMetadata,
    driver: SystemDriver,
    programs: Programs,
    browser: Browser,
    ada: UserDriver,
    method: str,
) -> None:
    program = programs.first
    public = method == "none"
    client = OAuth2Client(
        client_id=CLI if public else program.client_id,
        client_secret=None if public else program.client_secret,
        redirect_uri=CALLBACK if public else program.callback,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope="openid email offline_access",
        code_challenge_method="S256",
    )
    verifier = "v" * 64
    with client:
        url, state = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-0S6_WzA2Mj"
        )
        token = client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=browser.arrive(url).url,
            code_verifier=verifier,
            state=state,
        )
        keys = KeySet.import_key_set(driver.http.get("/oauth2/jwks").json())
        found = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
        CodeIDToken(
            found.claims,
            found.header,
            options={"iss": {"value": metadata["issuer"]}, "aud": {"value": client.client_id}},
            params={"nonce": "n-0S6_WzA2Mj", "client_id": client.client_id, "access_token": token["access_token"]},
        ).validate()
        assert client.get(metadata["userinfo_endpoint"]).json() == {
            "sub": ada.id,
            "email": ada.email,
            "email_verified": True,
        }
        renewed = client.refresh_token(metadata["token_endpoint"])
        assert client.get(metadata["userinfo_endpoint"]).json()["sub"] == ada.id
        answer = client.revoke_token(metadata["revocation_endpoint"], renewed["refresh_token"], "refresh_token")
        assert answer.status_code == 200
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(metadata["token_endpoint"], renewed["refresh_token"])

    home = CALLBACK if public else program.signed_out
    query = urlencode({"id_token_hint": token["id_token"], "post_logout_redirect_uri": home, "state": "over"})
    came = browser.open(f"{metadata['end_session_endpoint']}?{query}")
    assert isinstance(came, Arrival), came
    assert came.url == f"{home}?state=over"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_client_gets_introspects_and_revokes_a_token(
    metadata: OpenIDProviderMetadata, ada: UserDriver, method: str
) -> None:
    body = {"name": "Back office", "scopes": ["events:read", "platforms:read"]}
    made = ada.api("POST", f"/organizations/{ada.organization}/clients", json=body).json()
    with OAuth2Client(
        client_id=made["client_id"],
        client_secret=made["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    ) as client:
        token = client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope="events:read")
        about = client.introspect_token(metadata["introspection_endpoint"], token["access_token"]).json()
        assert (about["active"], about["scope"], about["sub"]) == (True, "events:read", made["client_id"])
        assert client.revoke_token(metadata["revocation_endpoint"], token["access_token"]).status_code == 200
        about = client.introspect_token(metadata["introspection_endpoint"], token["access_token"]).json()
        assert about == {"active": False}
