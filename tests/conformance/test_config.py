"""The module of the config certification plan."""

from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from testing.driver import SystemDriver

_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture(scope="module")
def answer(driver: SystemDriver) -> httpx2.Response:
    return driver.http.get("/.well-known/openid-configuration")


@pytest.fixture(scope="module")
def metadata(answer: httpx2.Response) -> dict[str, Any]:
    return dict(answer.json())


def test_oidcc_discovery_endpoint_verification(
    driver: SystemDriver, answer: httpx2.Response, metadata: dict[str, Any]
) -> None:
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "application/json"
    issuer = urlsplit(metadata["issuer"])
    assert metadata["issuer"] == driver.url
    assert (issuer.query, issuer.fragment) == ("", "")
    assert metadata["response_types_supported"] == ["code"]
    assert "public" in metadata["subject_types_supported"]
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "none" not in metadata["id_token_signing_alg_values_supported"]
    assert {"authorization_code", "refresh_token"} <= set(metadata["grant_types_supported"])
    assert "openid" in metadata["scopes_supported"]
    assert all(scope.isascii() and " " not in scope for scope in metadata["scopes_supported"])
    assert {"sub", "iss", "auth_time", "name", "email"} <= set(metadata["claims_supported"])
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for name in ("claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"):
        assert metadata[name] is False
    assert "registration_endpoint" not in metadata
    keys = driver.http.get(urlsplit(metadata["jwks_uri"]).path).json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}
    assert len({key["kid"] for key in keys}) == len(keys)
    assert all(key["use"] == "sig" and not key.keys() & _PRIVATE for key in keys)


def test_every_endpoint_exists_at_the_issuer(driver: SystemDriver, metadata: dict[str, Any]) -> None:
    for name, url in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert url.startswith(f"{driver.url}/"), "https wherever the issuer is https"
            assert driver.http.get(urlsplit(url).path).status_code not in (404, 500, 502, 503)


def test_both_well_known_documents_are_equal(driver: SystemDriver, metadata: dict[str, Any]) -> None:
    assert driver.http.get("/.well-known/oauth-authorization-server").json() == metadata
