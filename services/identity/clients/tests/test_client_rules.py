"""Rules of clients that were loaded again from their stored events."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from identity.clients.domain import Client, IssuedSecret, TooManySecrets, UnknownSecret
from kit.errors import Invalid
from kit.tests.memory import NOW, Memory


@pytest.fixture
def stored() -> "Stored":
    return Stored()


class Stored:
    """One client, loaded anew for each step."""

    def __init__(self) -> None:
        self.store = Memory()
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

    def secret(self, expires_in: timedelta | None = None) -> UUID:
        client, secret_id, now = self.client, uuid4(), NOW
        client.issue_secret(secret_id, "s", None if expires_in is None else now + expires_in, uuid4(), now)
        self.store.save(client)
        return secret_id


def test_a_client_keeps_its_scopes_sorted_and_once() -> None:
    client = Client.create(uuid4(), "thc_x", uuid4(), "n", ["b", "a", "b"], [UUID(int=2), UUID(int=1)], uuid4())

    again = Memory().again(client)

    assert again.scopes == ["a", "b"]
    assert again.platforms == [str(UUID(int=1)), str(UUID(int=2))]


def test_an_unchanged_value_is_no_event(stored: Stored) -> None:
    assert stored.versions_after("rename", name="Risk") == 1
    assert stored.versions_after("change_scopes", scopes=["events:read"], platforms=None) == 1
    assert stored.versions_after("rename", "rename", name="Other") == 2


def test_a_limit_of_no_platforms_differs_from_no_limit(stored: Stored) -> None:
    assert stored.versions_after("change_scopes", scopes=["events:read"], platforms=[]) == 2
    assert stored.client.platforms == []


def test_an_eleventh_secret_is_refused_until_one_is_revoked(stored: Stored) -> None:
    first, *_ = [stored.secret() for _ in range(10)]
    with pytest.raises(TooManySecrets):
        stored.secret()

    client = stored.client
    client.revoke_secret(first)
    stored.store.save(client)

    stored.secret()
    assert len(stored.client.secrets) == 10


def test_a_secret_is_revoked_once(stored: Stored) -> None:
    secret = stored.secret()
    stored.versions_after("revoke_secret", secret_id=secret)

    with pytest.raises(UnknownSecret):
        stored.client.revoke_secret(secret)


@pytest.mark.parametrize("expires_in", [timedelta(0), timedelta(days=-1), timedelta(days=3653, seconds=1)])
def test_an_expiry_is_in_the_future_and_within_ten_years(stored: Stored, expires_in: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        stored.secret(expires_in)

    assert refused.value.errors[0].field == "expires_at"


def test_removing_twice_is_one_event(stored: Stored) -> None:
    assert stored.versions_after("remove", "remove") == 2
    assert stored.client.removed


def test_a_client_keeps_what_it_was_created_with(stored: Stored) -> None:
    organization, creator = uuid4(), uuid4()
    client = Client.create(stored.id, "thc_y", organization, "Risk", ["events:read"], None, creator)
    [created] = client.pending_events
    assert isinstance(created, Client.ClientCreated)
    assert (created.organization_id, created.created_by) == (organization, creator)
    assert (client.id, client.client_id, client.name, client.platforms) == (stored.id, "thc_y", "Risk", None)
    assert (client.secrets, client.removed) == ({}, False)


def test_changes_are_recorded_with_what_was_before(stored: Stored) -> None:
    client, platform = stored.client, uuid4()
    client.rename("Audit")
    client.change_scopes(["audit:read", "events:read"], [platform])
    renamed, changed = client.pending_events
    assert isinstance(renamed, Client.Renamed)
    assert isinstance(changed, Client.ScopesChanged)
    assert (renamed.name, renamed.old_name) == ("Audit", "Risk")
    assert (changed.client_id, changed.organization_id) == ("thc_x", client.organization_id)
    assert (changed.scopes, changed.old_scopes) == (["audit:read", "events:read"], ["events:read"])
    assert (changed.platforms, changed.old_platforms) == ([str(platform)], None)
    stored.store.save(client)
    assert (stored.client.name, stored.client.scopes) == ("Audit", ["audit:read", "events:read"])


def test_an_issued_secret_is_recorded_with_its_details(stored: Stored) -> None:
    client, secret_id, issuer, ends = stored.client, uuid4(), uuid4(), NOW + timedelta(days=3653)
    client.issue_secret(secret_id, "first", ends, issuer, NOW)
    [issued] = client.pending_events
    assert isinstance(issued, Client.SecretIssued)
    assert (issued.client_name, issued.secret_id) == ("Risk", secret_id)
    stored.store.save(client)
    assert stored.client.secrets == {str(secret_id): IssuedSecret("first", ends, issuer, warned=False)}


@pytest.mark.parametrize(
    ("expires_in", "warned"),
    [
        (timedelta(days=14), True),
        (timedelta(days=14, seconds=1), False),
        (timedelta(seconds=1), True),
        (None, False),
    ],
)
def test_a_warning_is_recorded_within_two_weeks_of_the_end(
    stored: Stored, expires_in: timedelta | None, warned: bool
) -> None:
    secret, user = stored.secret(expires_in), uuid4()
    client = stored.client
    client.warn_of_expiry(secret, user, NOW)
    told = [(event.secret_id, event.user_id) for event in client.pending_events]  # type: ignore[attr-defined]
    assert told == ([(secret, user)] if warned else [])
    stored.store.save(client)
    assert stored.client.secrets[str(secret)].warned is warned


def test_a_warning_is_recorded_once_and_not_after_the_end(stored: Stored) -> None:
    secret = stored.secret(timedelta(days=1))
    client = stored.client
    client.warn_of_expiry(secret, uuid4(), NOW + timedelta(days=1))
    client.warn_of_expiry(uuid4(), uuid4(), NOW)
    assert client.pending_events == []
    for _ in range(2):
        client.warn_of_expiry(secret, uuid4(), NOW)
    [expiring] = client.pending_events
    assert isinstance(expiring, Client.SecretExpiring)
    assert (expiring.name, expiring.expires_at, expiring.client_name) == ("s", NOW + timedelta(days=1), "Risk")


def test_a_revoked_secret_is_gone(stored: Stored) -> None:
    first, second = stored.secret(), stored.secret()
    stored.versions_after("revoke_secret", secret_id=first)
    assert stored.client.secrets.keys() == {str(second)}
