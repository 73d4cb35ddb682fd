"""Rotation of signing keys in a running service: tokens stay valid and no replica restarts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from identity.oauth.revocation_cache import RevocationCache
from identity.oauth.tests.provider import CLI_CALLBACK, ISSUER, Provider
from identity.service import IdentityService
from identity.signing_keys.service import AHEAD, PUBLISHED_AFTER, SigningKeys
from identity.tests.container import ContainerFixture
from kit.db.database import Database
from kit.errors import Unavailable
from kit.security.keys import MasterKey
from kit.security.tokens import Verifier
from runtime.cli import command_line
from testing.clock import Clock


@pytest.fixture
def provider(parts: ContainerFixture) -> Provider:
    return Provider(parts)


def key_of(provider: Provider, token: str, algorithm: str = "ES256") -> str:
    return str(provider.decoded(token, algorithm).header["kid"])


def published(provider: Provider) -> set[str]:
    return {key["kid"] for key in provider.http.get("/oauth2/jwks").json()["keys"]}


def client_token(provider: Provider, client: dict[str, Any]) -> str:
    return str(provider.client_token(client).json()["access_token"])


def test_a_new_key_is_published_before_it_signs_and_an_old_one_until_its_last_token_expired(
    provider: Provider,
) -> None:
    client = provider.new_client()
    old = client_token(provider, client)
    before = published(provider)

    new = {key.kid for key in provider.keys.rotate()}

    assert published(provider) == before | new
    provider.clock.forward(AHEAD - timedelta(seconds=1))
    assert key_of(provider, client_token(provider, client)) == key_of(provider, old)
    provider.clock.forward(timedelta(seconds=1))
    assert key_of(provider, client_token(provider, client)) in new
    assert key_of(provider, old) in before
    provider.clock.forward(PUBLISHED_AFTER)
    assert published(provider) == new


def test_a_verifier_with_the_old_key_set_fetches_the_new_one(parts: ContainerFixture, clock: Clock) -> None:
    clock.forward(-AHEAD)  # a verifier goes by the time of day
    provider = Provider(parts)
    fetches = 0

    async def fetch() -> Mapping[str, Any]:
        nonlocal fetches
        fetches += 1
        return provider.keys.jwks()

    client = provider.new_client()
    old = client_token(provider, client)
    kept = provider.parts.database.one("SELECT jwks FROM token_keys")
    assert kept is not None
    provider.keys.rotate()
    provider.clock.forward(AHEAD)
    new = client_token(provider, client)

    elsewhere = Verifier(ISSUER, f"{ISSUER}/api", fetch, provider.parts.database)
    assert anyio.run(elsewhere.verify, old).subject == client["client_id"]
    assert fetches == 0
    assert anyio.run(elsewhere.verify, new).subject == client["client_id"]
    assert anyio.run(elsewhere.verify, old).subject == client["client_id"]
    assert fetches == 1


def test_another_replica_loads_new_keys_at_its_next_poll(provider: Provider) -> None:
    parts = provider.parts
    replica = SigningKeys(parts.database, parts.keys, parts.clock)
    cache = RevocationCache(parts.database, replica)
    cache.poll()
    assert replica.jwks() == provider.keys.jwks()

    provider.keys.rotate()

    assert replica.jwks() != provider.keys.jwks()
    cache.poll()
    assert replica.jwks() == provider.keys.jwks()
    provider.clock.forward(AHEAD)
    assert replica.signing("ES256").kid == provider.keys.signing("ES256").kid


def test_rotating_again_returns_the_waiting_keys(provider: Provider) -> None:
    assert provider.keys.rotate() == provider.keys.rotate()
    provider.clock.forward(AHEAD + timedelta(seconds=1))
    third = provider.keys.rotate()
    assert [key.algorithm for key in third] == ["ES256", "RS256"]
    assert len(published(provider)) == 6


def test_an_old_key_loses_its_private_part_first_and_still_verifies_hints(provider: Provider) -> None:
    ada = provider.person()
    hint = provider.code_flow(ada.cookie)["id_token"]
    old = key_of(provider, hint, "RS256")
    provider.keys.rotate()
    provider.clock.forward(AHEAD + PUBLISHED_AFTER)

    provider.keys.delete_expired()

    rows = {row["kid"]: row["private"] for row in provider.parts.database.all("SELECT * FROM signing_keys")}
    assert rows[old] is None
    assert sum(private is not None for private in rows.values()) == 2
    assert old not in published(provider)
    provider.parts.signing_keys.notice([])  # as at the next start
    query = {"id_token_hint": hint, "post_logout_redirect_uri": CLI_CALLBACK}
    answer = provider.http.get("/oauth2/logout", params=query, headers={"Cookie": f"tradehall={ada.cookie}"})
    assert answer.headers["location"] == CLI_CALLBACK
    provider.clock.forward(timedelta(days=200))
    provider.keys.delete_expired()
    assert len(provider.parts.database.all("SELECT * FROM signing_keys")) == 2


def test_the_command_rotates_the_keys_of_the_running_service(postgres_dsn: str, database: Database) -> None:
    master = MasterKey.generate()
    environment = {
        "TRADEHALL_SERVICE_PORT": "0",
        "TRADEHALL_POSTGRES_DSN": postgres_dsn,
        "TRADEHALL_NATS_URL": "nats://127.0.0.1:1",
        "TRADEHALL_NATS_PASSWORD": "unused",
        "TRADEHALL_MASTER_KEY": master,
        "TRADEHALL_PUBLIC_URL": ISSUER,
    }

    answer = CliRunner().invoke(command_line(IdentityService), ["rotate-keys"], env=environment)

    assert answer.exit_code == 0, answer.output
    rows = database.all("SELECT algorithm, kid FROM signing_keys ORDER BY algorithm")
    assert [line.split()[:2] for line in answer.output.splitlines()] == [[r["algorithm"], r["kid"]] for r in rows]
    assert master.strip() not in answer.output


def test_nothing_is_signed_before_the_first_key(parts: ContainerFixture) -> None:
    with pytest.raises(Unavailable):
        parts.signing_keys.signing("ES256")
