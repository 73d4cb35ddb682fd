"""Token verification: what is refused, and where keys come from."""

import asyncio
import hmac
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.util import urlsafe_b64encode

from kit.errors import Unavailable
from kit.security.tokens import InvalidToken, Verifier
from kit.tests.notebook import Notebook

ISSUER = "http://localhost:8080"
AUDIENCE = f"{ISSUER}/api"


class Issuer:
    """Signs tokens, and counts how often its keys are fetched."""

    def __init__(self) -> None:
        self.keys: list[Any] = [ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"}, auto_kid=False)]
        self.fetches = 0
        self.away = False

    async def fetch(self) -> dict[str, Any]:
        if self.away:
            raise Unavailable
        self.fetches += 1
        return dict(KeySet(self.keys).as_dict(private=False))

    def token(self, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = key or self.keys[-1]
        now = int(time.time())
        body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "me",
            "jti": "j",
            "iat": now,
            "exp": now + 60,
            "scope": "a b",
        }
        shown = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid or "one"} | (header or {})
        return jwt.encode(shown, body | claims, key, algorithms=[shown["alg"]])


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def verifier_of(issuer: Issuer, book: Notebook) -> Verifier:
    return Verifier(ISSUER, AUDIENCE, issuer.fetch, book.database)


def test_a_valid_token_is_accepted(issuer: Issuer, notebook: Notebook) -> None:
    token = asyncio.run(verifier_of(issuer, notebook).verify(issuer.token()))
    assert (token.subject, token.id, token.scopes) == ("me", "j", frozenset({"a", "b"}))


def forged_with_public_key(pem: bytes, body: str) -> str:
    """The classic confusion of algorithms: HS256, keyed with the public key's text."""
    head = urlsafe_b64encode(b'{"alg":"HS256","typ":"at+jwt","kid":"one"}').decode()
    mac = hmac.new(pem, f"{head}.{body}".encode(), "sha256").digest()
    return f"{head}.{body}.{urlsafe_b64encode(mac).decode()}"


def bad_tokens(issuer: Issuer) -> dict[str, str]:
    good = issuer.token()
    head, body, signature = good.split(".")
    other = ECKey.generate_key("P-256", {"kid": "one"}, auto_kid=False)
    public = issuer.keys[0].as_pem(private=False)
    none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoib25lIn0"  # {"alg":"none","typ":"at+jwt","kid":"one"}
    return {
        "expired": issuer.token(exp=int(time.time()) - 60),
        "not yet": issuer.token(nbf=int(time.time()) + 600),
        "another issuer": issuer.token(iss="http://localhost:8081"),
        "another audience": issuer.token(aud="http://localhost:8080/other"),
        "an ID token": issuer.token(header={"typ": "JWT"}),
        "no subject": issuer.token(sub=None),
        "another key": issuer.token(other),
        "unsigned": f"{none}.{body}.",
        "HMAC with the public key": forged_with_public_key(public, body),
        "RSA": issuer.token(RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False), header={"alg": "RS256"}),
        "tampered": f"{head}.{body[:-2]}AA.{signature}",
        "cut": good[:-10],
        "rubbish": "x",
        "empty parts": "..",
        "not text": "\ud83d\ude00.a.b",
    }


@pytest.mark.parametrize("kind", list(bad_tokens(Issuer())))
def test_an_invalid_token_is_refused(issuer: Issuer, notebook: Notebook, kind: str) -> None:
    with pytest.raises(InvalidToken):
        asyncio.run(verifier_of(issuer, notebook).verify(bad_tokens(issuer)[kind]))


def test_an_unknown_key_is_fetched_and_the_last_set_survives_a_restart_without_the_issuer(
    issuer: Issuer, notebook: Notebook
) -> None:
    async def rotate() -> None:
        verifier = verifier_of(issuer, notebook)
        await verifier.verify(issuer.token())
        issuer.keys.append(ECKey.generate_key("P-256", {"kid": "two"}, auto_kid=False))
        with pytest.raises(InvalidToken):  # fetched a moment ago: at most every ten seconds
            await verifier.verify(issuer.token())
        verifier._fetched_at -= 11
        await verifier.verify(issuer.token())
        assert issuer.fetches == 2
        issuer.away = True
        await verifier_of(issuer, notebook).verify(issuer.token())

    asyncio.run(rotate())


def test_without_any_keys_the_answer_is_503(issuer: Issuer, notebook: Notebook) -> None:
    issuer.away = True
    with pytest.raises(Unavailable):
        asyncio.run(verifier_of(issuer, notebook).verify(issuer.token()))
