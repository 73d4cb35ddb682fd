"""Clients in memory: a token costs no query, and what another replica changed is noticed within a second."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import anyio
import pytest

from identity.clients.service import Clients
from identity.oauth import revocation_cache
from identity.oauth.client_cache import ClientCache
from identity.oauth.known_clients import OrganizationClient
from identity.oauth.revocation_cache import RevocationCache
from identity.oauth.tests.provider import Provider


@pytest.fixture
def elsewhere(provider: Provider) -> Clients:
    """The use cases as another replica has them, which tells this one nothing."""
    parts = provider.parts
    return Clients(parts.store, parts.views, parts.clock)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The cache's own clock, which stands still unless a test moves it."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(revocation_cache, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def cache(provider: Provider, time: SimpleNamespace) -> ClientCache:
    cache = ClientCache(provider.parts.views, RevocationCache(provider.parts.database, provider.keys))
    poll(cache)
    return cache


def poll(cache: ClientCache) -> None:
    cache._revocations.poll()


def current(cache: ClientCache, client: dict[str, Any]) -> OrganizationClient | None:
    return anyio.run(cache.current, client["client_id"], client["client_secret"])


@pytest.fixture
def without_database(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Calling it fails every later query."""

    def gone(_: str) -> None:
        raise AssertionError("the database was asked")

    return lambda: monkeypatch.setattr(provider.parts.views, "client_by_client_id", gone)


def test_a_known_client_is_found_without_the_database(
    provider: Provider, cache: ClientCache, without_database: Callable[[], None]
) -> None:
    client = provider.new_client()
    poll(cache)
    first = current(cache, client)
    poll(cache)
    without_database()

    assert current(cache, client) == first is not None


def test_changes_of_other_replicas_invalidate_the_cache(
    provider: Provider, cache: ClientCache, elsewhere: Clients
) -> None:
    client = provider.new_client()
    current(cache, client)
    poll(cache)
    assert (known := current(cache, client)) is not None

    elsewhere.remove(client["organization"], UUID(client["id"]))

    assert current(cache, client) == known
    poll(cache)
    assert current(cache, client) is None


def test_entries_older_than_a_second_are_read_again(
    provider: Provider, cache: ClientCache, elsewhere: Clients, time: SimpleNamespace
) -> None:
    client = provider.new_client()
    current(cache, client)
    elsewhere.remove(client["organization"], UUID(client["id"]))

    time.now += 1.0

    assert current(cache, client) is None


def test_a_new_secret_works_before_the_next_refresh(provider: Provider, cache: ClientCache) -> None:
    client = provider.new_client()
    current(cache, client)
    path = f"/api/v1/organizations/{client['organization']}/clients/{client['id']}/secrets"
    issued = provider.http.post(path, json={"name": "second"}, headers=client["bearer"]).json()

    found = current(cache, {**client, "client_secret": issued["client_secret"]})

    assert found is not None
    assert found.check_client_secret(issued["client_secret"])


def test_a_value_read_before_a_change_is_not_cached(
    provider: Provider, cache: ClientCache, elsewhere: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = provider.new_client()
    views = provider.parts.views
    before = views.client_by_client_id(client["client_id"])

    def slowly(_: str) -> object:
        elsewhere.remove(client["organization"], UUID(client["id"]))
        poll(cache)
        return before

    monkeypatch.setattr(views, "client_by_client_id", slowly)
    assert current(cache, client) is not None
    monkeypatch.undo()

    assert current(cache, client) is None
