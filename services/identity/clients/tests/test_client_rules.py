"""What a client is and refuses, on clients loaded again from their stored events."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from identity.clients.domain import MOST_SECRETS, Client, TooManySecrets, UnknownSecret
from identity.tests.parts import Parts
from kit.errors import Invalid
from testing.clock import Clock


@pytest.fixture
def stored(parts: Parts) -> "Stored":
    return Stored(parts)


class Stored:
    """One client, loaded anew for each step."""

    def __init__(self, parts: Parts) -> None:
        self.store = parts.store
        self.id = uuid4()
        client = Client.create(self.id, "thc_x", uuid4(), "Risk", ["events:read"], None, uuid4())
        self.store.save(client)

    @property
    def client(self) -> Client:
        return self.store.find(Client, self.id)

    def versions_after(self, *steps: str, **arguments: object) -> int:
        client = self.client
        for step in steps:
            getattr(client, step)(**arguments)
        self.store.save(client)
        return self.client.version

    def secret(self, clock: Clock, expires_in: timedelta | None = None) -> UUID:
        client, secret_id, now = self.client, uuid4(), clock()
        client.issue_secret(secret_id, "s", None if expires_in is None else now + expires_in, uuid4(), now)
        self.store.save(client)
        return secret_id


def test_a_client_keeps_its_scopes_sorted_and_once(parts: Parts) -> None:
    client = Client.create(uuid4(), "thc_x", uuid4(), "n", ["b", "a", "b"], [UUID(int=2), UUID(int=1)], uuid4())
    parts.store.save(client)

    again = parts.store.find(Client, client.id)

    assert again.scopes == ["a", "b"]
    assert again.platforms == [str(UUID(int=1)), str(UUID(int=2))]


def test_an_unchanged_value_is_no_event(stored: Stored) -> None:
    assert stored.versions_after("rename", name="Risk") == 1
    assert stored.versions_after("change_scopes", scopes=["events:read"], platforms=None) == 1
    assert stored.versions_after("rename", "rename", name="Other") == 2


def test_no_platforms_is_another_limit_than_all_platforms(stored: Stored) -> None:
    assert stored.versions_after("change_scopes", scopes=["events:read"], platforms=[]) == 2
    assert stored.client.platforms == []


def test_an_eleventh_secret_is_refused_until_one_is_revoked(stored: Stored, clock: Clock) -> None:
    first, *_ = [stored.secret(clock) for _ in range(MOST_SECRETS)]
    with pytest.raises(TooManySecrets):
        stored.secret(clock)

    client = stored.client
    client.revoke_secret(first)
    stored.store.save(client)

    stored.secret(clock)
    assert len(stored.client.secrets) == MOST_SECRETS


def test_a_secret_is_revoked_once(stored: Stored, clock: Clock) -> None:
    secret = stored.secret(clock)
    stored.versions_after("revoke_secret", secret_id=secret)

    with pytest.raises(UnknownSecret):
        stored.client.revoke_secret(secret)


@pytest.mark.parametrize("expires_in", [timedelta(0), timedelta(days=-1), timedelta(days=3660)])
def test_an_expiry_is_in_the_future_and_within_ten_years(stored: Stored, clock: Clock, expires_in: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        stored.secret(clock, expires_in)

    assert refused.value.errors[0].field == "expires_at"


def test_removing_twice_is_one_event(stored: Stored) -> None:
    assert stored.versions_after("remove", "remove") == 2
    assert stored.client.removed
