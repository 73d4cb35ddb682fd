"""Secrets of clients: recorded uses, expiry warnings, and the pattern for secret scanners."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest
from psycopg import OperationalError

from contracts.permissions import Grant, Role
from identity.clients.domain import WARNED_AHEAD, Client
from identity.clients.secret_uses import SecretUses
from identity.clients.secrets import may_be_secret
from identity.oauth.tests.provider import Provider, basic
from kit.db.database import Database


@pytest.fixture
def client(provider: Provider) -> dict[str, Any]:
    return provider.new_client()


def path_of(client: dict[str, Any]) -> str:
    return f"/api/v1/organizations/{client['organization']}/clients/{client['id']}"


def secrets_of(provider: Provider, client: dict[str, Any]) -> list[dict[str, Any]]:
    """As GET shows them, after what was noted is written."""
    provider.parts.secret_uses.write()
    return list(provider.http.get(path_of(client), headers=client["bearer"]).json()["secrets"])


def time_of(provider: Provider) -> str:
    return provider.clock().isoformat().replace("+00:00", "Z")


def test_a_secret_shows_when_and_from_where_it_was_first_and_last_used(
    provider: Provider, client: dict[str, Any]
) -> None:
    assert [(each["first_used"], each["last_used"]) for each in secrets_of(provider, client)] == [(None, None)]
    first = time_of(provider)
    provider.client_token(client)
    provider.clock.forward(timedelta(minutes=5))
    last = time_of(provider)
    form = {"grant_type": "client_credentials"}
    provider.token(form, basic(client["client_id"], client["client_secret"]))

    (secret,) = secrets_of(provider, client)

    assert secret["first_used"] == {"at": first, "address": "testclient"}
    assert secret["last_used"] == {"at": last, "address": "testclient"}
    provider.clock.forward(timedelta(minutes=5))
    third = time_of(provider)
    provider.client_token(client)
    (secret,) = secrets_of(provider, client)
    assert (secret["first_used"]["at"], secret["last_used"]["at"]) == (first, third)


def test_a_refused_secret_counts_as_no_use(provider: Provider, client: dict[str, Any]) -> None:
    provider.client_token({**client, "client_secret": "thcs_" + "0" * 43 + "_000000"})
    assert secrets_of(provider, client)[0]["first_used"] is None


def test_uses_are_kept_by_secret_and_deleted_with_it(provider: Provider, client: dict[str, Any]) -> None:
    issued = provider.http.post(f"{path_of(client)}/secrets", json={"name": "second"}, headers=client["bearer"]).json()
    provider.client_token({**client, "client_secret": issued["client_secret"]})
    assert [each["last_used"] is None for each in secrets_of(provider, client)] == [True, False]

    provider.clock.forward(timedelta(minutes=1))
    provider.client_token({**client, "client_secret": issued["client_secret"]})
    provider.http.delete(f"{path_of(client)}/secrets/{issued['id']}", headers=client["bearer"])
    provider.parts.secret_uses.write()

    assert not provider.parts.database.all(
        "SELECT * FROM client_secret_uses WHERE secret_id = %s", (UUID(issued["id"]),)
    )


def test_introspection_is_a_use_too(provider: Provider, client: dict[str, Any]) -> None:
    header = basic(client["client_id"], client["client_secret"])
    provider.http.post("/oauth2/introspect", data={"token": "x"}, headers=header)
    assert secrets_of(provider, client)[0]["last_used"] is not None


def test_uses_are_not_written_for_each_request(provider: Provider, client: dict[str, Any]) -> None:
    uses, asked = SecretUses(provider.parts.database, provider.clock), []

    def address() -> str:
        asked.append(1)
        return "10.0.0.1"

    secret = UUID(client["secrets"][0]["id"])
    for _ in range(100):
        uses.note(secret, address)
        provider.clock.forward(timedelta(milliseconds=100))
    assert len(asked) == 1


def test_uses_are_written_after_a_failure(
    provider: Provider, client: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    uses = SecretUses(provider.parts.database, provider.clock)
    uses.note(UUID(client["secrets"][0]["id"]), lambda: "10.0.0.1")

    def away(_: Database) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", away)
        with pytest.raises(OperationalError):
            uses.write()
    uses.write()

    assert secrets_of(provider, client)[0]["last_used"]["address"] == "10.0.0.1"


def test_uses_are_written_when_the_service_stops(provider: Provider, client: dict[str, Any]) -> None:
    uses = SecretUses(provider.parts.database, provider.clock)
    uses.note(UUID(client["secrets"][0]["id"]), lambda: "10.0.0.2")

    async def begin_and_end() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(uses.run)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    anyio.run(begin_and_end)

    assert secrets_of(provider, client)[0]["last_used"]["address"] == "10.0.0.2"


def expiring(provider: Provider, client: dict[str, Any], in_days: float) -> str:
    """A new secret of the client; answers its id."""
    body = {"name": "soon", "expires_at": (provider.clock() + timedelta(days=in_days)).isoformat()}
    issued = provider.http.post(f"{path_of(client)}/secrets", json=body, headers=client["bearer"])
    return str(issued.json()["id"])


def warnings(provider: Provider, client: dict[str, Any]) -> list[Client.SecretExpiring]:
    """Told of a client so far."""
    provider.parts.expiry_warnings.warn()
    events = [each.event for each in provider.parts.store.read(0, 100_000)]
    return [e for e in events if isinstance(e, Client.SecretExpiring) and str(e.originator_id) == client["id"]]


def test_the_issuer_is_warned_once_two_weeks_before_expiry(provider: Provider, client: dict[str, Any]) -> None:
    secret = expiring(provider, client, in_days=15)
    assert not warnings(provider, client)

    provider.clock.forward(timedelta(days=1))
    told = warnings(provider, client)

    assert [(str(each.secret_id), each.name, each.client_name) for each in told] == [(secret, "soon", "Risk engine")]
    assert told[0].expires_at == provider.clock() + WARNED_AHEAD
    provider.clock.forward(timedelta(days=1))
    assert len(warnings(provider, client)) == 1


def test_expired_and_revoked_secrets_cause_no_warning(provider: Provider, client: dict[str, Any]) -> None:
    ended = expiring(provider, client, in_days=15)
    expiring(provider, client, in_days=16)
    provider.http.delete(f"{path_of(client)}/secrets/{ended}", headers=client["bearer"])

    provider.clock.forward(timedelta(days=17))

    assert not warnings(provider, client)


@pytest.mark.parametrize("left", [False, True])
def test_an_administrator_is_warned_if_the_issuer_has_left(
    provider: Provider, client: dict[str, Any], left: bool
) -> None:
    admin, issuer = UUID(int=1), provider.parts.store.read(0, 100_000)[-1].event.issued_by
    members = {admin: Grant(role=Role.ADMINISTRATOR)} | ({} if left else {issuer: Grant(role=Role.MANAGER)})
    for user_id, grant in members.items():
        provider.parts.database.execute(
            "INSERT INTO member_copies VALUES (%s, %s, %s)",
            (client["organization"], user_id, grant.model_dump_json()),
        )
    expiring(provider, client, in_days=13)

    assert [each.user_id for each in warnings(provider, client)] == [admin if left else issuer]


def test_the_documented_pattern_finds_secrets() -> None:
    text = (Path(__file__).parents[4] / "docs" / "security.md").read_text()
    (pattern,) = re.findall(r"`(thcs_\[\S*\})`", text)
    vectors = re.findall(r"`(thcs_[0-9A-Za-z]{43}_[0-9A-Za-z]{6})` \((good|bad)\)", text)

    assert {verdict for _, verdict in vectors} == {"good", "bad"}
    for secret, verdict in vectors:
        assert re.fullmatch(pattern, secret)
        assert may_be_secret(secret) == (verdict == "good")
