"""A relying party that checks everything that OpenID Connect Core requires of a client."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet

from testing.driver import SystemDriver
from testing.programs import Program
from tests.conformance.browser import Arrival, Browser

_CLOCKS_APART = 5  # seconds
Claims = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What a program remembers of an authorization request."""

    url: str
    fields: dict[str, str]
    state: str
    nonce: str | None
    verifier: str


@dataclass(frozen=True)
class SignedIn:
    """The tokens of a flow, and the claims of its ID token once that was verified."""

    tokens: dict[str, Any]
    claims: Claims

    @property
    def access_token(self) -> str:
        return str(self.tokens["access_token"])

    @property
    def id_token(self) -> str:
        return str(self.tokens["id_token"])


@dataclass
class RelyingParty:
    """One program; `response_mode` is None for the default one, which a program does not name."""

    driver: SystemDriver
    program: Program
    browser: Browser
    response_mode: str | None = None
    metadata: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.metadata = self.driver.http.get("/.well-known/openid-configuration").json()
        assert self.metadata["issuer"] == self.driver.url

    def request(self, **changes: str | None) -> Request:
        """An authorization request; a parameter that is None is left out."""
        verifier = secrets.token_urlsafe(48)
        wanted: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.program.client_id,
            "redirect_uri": self.program.callback,
            "scope": "openid",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": _half(verifier, 256),
            "code_challenge_method": "S256",
            "response_mode": self.response_mode,
            **changes,
        }
        fields = {name: value for name, value in wanted.items() if value is not None}
        url = f"{self.metadata['authorization_endpoint']}?{urlencode(fields)}"
        return Request(url, fields, fields["state"], fields.get("nonce"), verifier)

    def answer(self, request: Request, arrival: Any) -> Mapping[str, str]:
        """The parameters of an answer: in the right place, with our state and the issuer (RFC 9207)."""
        assert isinstance(arrival, Arrival), arrival
        by_form = request.fields.get("response_mode") == "form_post"
        assert arrival.method == ("POST" if by_form else "GET")
        assert arrival.address == self.program.callback
        assert "#" not in arrival.url
        assert not by_form or "?" not in arrival.url
        assert arrival.parameters["state"] == request.state
        assert arrival.parameters["iss"] == self.metadata["issuer"]
        return arrival.parameters

    def code(self, request: Request, arrival: Any) -> str:
        answer = self.answer(request, arrival)
        assert "error" not in answer, answer
        return answer["code"]

    def error(self, request: Request, arrival: Any) -> str:
        answer = self.answer(request, arrival)
        assert "code" not in answer, answer
        return answer["error"]

    def token(self, method: str = "client_secret_basic", **form: str) -> httpx2.Response:
        """A token request, authenticated as the program."""
        name, secret = self.program.client_id, self.program.client_secret
        if method == "client_secret_basic":
            return self.driver.http.post(
                "/oauth2/token", data=form, auth=(quote(name, safe=""), quote(secret, safe=""))
            )
        return self.driver.http.post("/oauth2/token", data=form | {"client_id": name, "client_secret": secret})

    def redeem(self, request: Request, code: str, method: str = "client_secret_basic") -> httpx2.Response:
        return self.token(
            method,
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.program.callback,
            code_verifier=request.verifier,
        )

    def complete(self, request: Request, arrival: Any, method: str = "client_secret_basic") -> SignedIn:
        """The rest of a flow whose answer has arrived."""
        answer = self.redeem(request, self.code(request, arrival), method)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert "no-store" in answer.headers["cache-control"]
        tokens = answer.json()
        assert tokens["token_type"].lower() == "bearer"
        assert tokens["expires_in"] > 0
        claims = self.verified(tokens["id_token"], tokens["access_token"])
        assert claims.get("nonce") == request.nonce
        return SignedIn(tokens, claims)

    def sign_in(self, **changes: str | None) -> SignedIn:
        """A whole flow, by way of the sign-in page where that is shown."""
        request = self.request(**changes)
        return self.complete(request, self.browser.arrive(request.url))

    def verified(self, id_token: str, access_token: str) -> Claims:
        """The claims of an ID token that passes OpenID Connect Core 3.1.3.7."""
        keys = KeySet.import_key_set(self.driver.http.get("/oauth2/jwks").json())
        found = jwt.decode(id_token, keys, algorithms=self.metadata["id_token_signing_alg_values_supported"])
        claims, now = found.claims, time.time()
        assert found.header["alg"] == "RS256"
        assert found.header["kid"] in {key.kid for key in keys.keys}
        assert claims["iss"] == self.metadata["issuer"]
        assert claims["aud"] in (self.program.client_id, [self.program.client_id])
        assert claims.get("azp", self.program.client_id) == self.program.client_id
        assert claims["exp"] > now
        assert now - 60 < claims["iat"] < now + _CLOCKS_APART
        assert 0 < len(claims["sub"].encode()) <= 255
        assert claims["sub"].isascii()
        assert claims["at_hash"] == _half(access_token, 128)
        return claims

    def userinfo(self, access_token: str) -> httpx2.Response:
        return self.driver.http.get("/oauth2/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    def claims_of(self, signed_in: SignedIn) -> Claims:
        """What userinfo says, which must be about the one who has signed in (5.3.2)."""
        answer = self.userinfo(signed_in.access_token)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/json")
        claims: Claims = answer.json()
        assert claims["sub"] == signed_in.claims["sub"]
        return claims

    def logout_url(self, **given: str) -> str:
        return f"{self.metadata['end_session_endpoint']}?{urlencode(given)}"


def _half(text: str, bits: int) -> str:
    """The left bits of a SHA-256 in base64url."""
    digest = hashlib.sha256(text.encode()).digest()[: bits // 8]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
