"""The vault alone, on a database: what is read back, what cannot be moved, and what is forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from kit import service
from kit.context import acting
from kit.db.database import Database
from kit.errors import NotFound
from kit.security.keys import KeyUnavailable, MasterKey
from kit.security.service_keys import SubjectKeys
from platforms.connections.credentials import Credentials, Secret
from platforms.credentials.vault import SCHEMA, Opened, Place, Use, Vault
from testing.servers import Databases

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MASTER = MasterKey(SecretStr(MasterKey.generate()))
HALL, PLATFORM = UUID(int=1), UUID(int=2)
FIRST = Place(HALL, PLATFORM, "api", 1)
GIVEN = Credentials(host="mt.example", port=443, login="7", secret=Secret.password("Correct-horse-1"))


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    made = Database(databases.migrated((*service.SCHEMA, *SCHEMA)))
    made.open()
    yield made
    made.close()


@pytest.fixture
def vault(database: Database) -> Vault:
    return Vault(database, SubjectKeys(database, MASTER), b"k" * 32)


def put(vault: Vault, *versions: int, target: str = "api") -> None:
    for version in versions:
        vault.put(replace(FIRST, version=version, target=target), replace(GIVEN, port=version), NOW)


def kept(database: Database) -> list[tuple[str, int]]:
    rows = database.all("SELECT target, version FROM sealed_credentials ORDER BY target, version")
    return [(row["target"], row["version"]) for row in rows]


def use(vault: Vault, target: str = "api", at: datetime = NOW) -> Opened | None:
    return vault.use(HALL, PLATFORM, target, "check", at)


def test_the_newest_version_is_used_and_the_use_recorded(vault: Vault) -> None:
    put(vault, 1, 2)
    with acting(actor="thc_1", correlation="request-9"):
        assert use(vault) == Opened(replace(FIRST, version=2), replace(GIVEN, port=2))
    assert use(vault, "db") is None
    [one] = vault.uses(HALL, PLATFORM, 10, 10)
    assert one == Use(1, "api", 2, NOW, "thc_1", "check", "request-9")


def test_two_versions_of_each_target_are_kept(vault: Vault, database: Database) -> None:
    put(vault, 1, 2, target="db")
    put(vault, 1, 2, 3, 4)
    assert kept(database) == [("api", 3), ("api", 4), ("db", 1), ("db", 2)]


@pytest.mark.parametrize("column", ["platform_id", "organization_id", "target", "version"])
def test_what_was_stored_cannot_be_opened_in_another_place(vault: Vault, database: Database, column: str) -> None:
    put(vault, 1)
    vault.put(Place(UUID(int=9), UUID(int=8), "api", 1), GIVEN, NOW)  # so that the other organization has a key
    moved = {"platform_id": UUID(int=7), "organization_id": UUID(int=9), "target": "db", "version": 3}
    database.execute(f"UPDATE sealed_credentials SET {column} = %s WHERE platform_id = %s",
                     (moved[column], PLATFORM))  # fmt: skip
    place = {"platform_id": PLATFORM, "organization_id": HALL, "target": "api"} | {column: moved[column]}
    with pytest.raises(KeyUnavailable):
        vault.use(place["organization_id"], place["platform_id"], place["target"], "check", NOW)  # type: ignore[arg-type]


def test_a_fingerprint_is_of_a_password_in_its_place(vault: Vault) -> None:
    prints = {vault.fingerprint(FIRST, "one"), vault.fingerprint(FIRST, "two")}
    prints.add(vault.fingerprint(replace(FIRST, version=2), "one"))
    assert len(prints) == 3
    assert {len(each) for each in prints} == {16}
    assert vault.fingerprint(FIRST, "one") in prints


def test_uses_are_listed_newest_first_with_one_more_than_a_page(vault: Vault) -> None:
    put(vault, 1)
    for _ in range(5):
        use(vault)
    assert [each.id for each in vault.uses(HALL, PLATFORM, 5, 2)] == [4, 3, 2]
    assert vault.uses(UUID(int=9), PLATFORM, 5, 2) == []


def test_uses_are_forgotten_after_400_days(vault: Vault) -> None:
    put(vault, 1)
    limit = NOW - timedelta(days=400)
    for at in (limit - timedelta(seconds=1), limit):
        use(vault, at=at)
    assert vault.forget_old_uses(NOW) == 1
    assert [each.used_at for each in vault.uses(HALL, PLATFORM, 10, 10)] == [limit]


def test_another_form_of_the_secret_replaces_it_in_every_version(vault: Vault, database: Database) -> None:
    put(vault, 1, 2)
    hidden = Secret("hash", b"h")
    for _ in range(2):
        vault.keep_only(HALL, PLATFORM, lambda _: hidden, NOW)
        assert kept(database) == [("api", 2)]
    opened = use(vault)
    assert opened is not None
    assert opened.credentials == replace(GIVEN, port=2, secret=hidden)


def test_a_secret_that_has_its_form_already_stays_in_both_versions(vault: Vault, database: Database) -> None:
    vault.keep_only(HALL, PLATFORM, lambda secret: secret, NOW)
    put(vault, 1, 2)
    vault.keep_only(HALL, PLATFORM, lambda secret: secret, NOW)
    assert kept(database) == [("api", 1), ("api", 2)]


def test_one_target_or_both_are_destroyed(vault: Vault, database: Database) -> None:
    put(vault, 1)
    put(vault, 1, target="db")
    vault.destroy(UUID(int=9))
    vault.destroy(PLATFORM, "api")
    assert kept(database) == [("db", 1)]
    vault.destroy(PLATFORM)
    assert kept(database) == []


def test_without_the_organizations_key_nothing_is_stored_or_opened(vault: Vault) -> None:
    put(vault, 1)
    vault.destroy_key(HALL)
    with pytest.raises(NotFound):
        put(vault, 2)
    with pytest.raises(NotFound):
        use(vault)
