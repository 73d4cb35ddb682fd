"""Stored credentials: sealed, versioned, each use written down, and nowhere to be found in clear."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from kit.context import acting
from kit.errors import NotFound
from kit.security.keys import KeyUnavailable, MasterKey
from kit.security.service_keys import ServiceKeys, SubjectKeys, rewrapped
from metatrader import PasswordHash
from platforms.connectors import installed
from platforms.credentials.vault import Place, Vault
from platforms.platforms.domain import ApiNotChosen, NoCredentials
from platforms.tests.world import ADA, PASSWORD, World, credentials


def test_stored_credentials_are_returned_for_a_recorded_use(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform, "db", login="reader", database="report", tls="require", ca_pem="pem")
    with acting(actor="thc_1", correlation="request-9"):
        stored = world.credentials.stored(organization, platform, "db", "check")
    assert stored.credentials.secret.value == PASSWORD.encode()
    assert (stored.version, stored.credentials.database, stored.credentials.ca_pem) == (1, "report", "pem")
    (use,) = world.rows("credential_uses")
    assert (use["actor"], use["purpose"], use["version"], use["request_id"]) == ("thc_1", "check", 1, "request-9")
    assert (use["platform_id"], use["target"], use["used_at"]) == (platform, "db", world.clock.now)


def test_the_web_api_stores_a_derived_hash_instead_of_the_password(world: World) -> None:
    for api in ("mt5-webapi", "mt5-rest"):
        organization, platform = world.platform(api=api)
        world.give(organization, platform)
        secret = world.credentials.stored(organization, platform, "api", "check").credentials.secret
        assert (secret.form, secret.value) == ("mt5-hash", PasswordHash.derive(PASSWORD).raw)
    organization, platform = world.platform(api="mt5-manager")
    world.give(organization, platform)
    assert world.credentials.stored(organization, platform, "api", "check").credentials.secret.form == "password"


def test_the_clear_password_is_deleted_when_the_api_does_not_need_it(world: World) -> None:
    organization, platform = world.platform(api="mt5-manager")
    world.give(organization, platform, password="one before")
    world.give(organization, platform)
    world.platforms.change(organization, platform, {"api": "mt5-rest"})
    (row,) = world.rows("sealed_credentials")
    assert row["version"] == 2
    secret = world.credentials.stored(organization, platform, "api", "check").credentials.secret
    assert secret.value == PasswordHash.derive(PASSWORD).raw
    known = world.views.find(organization, platform)
    assert known is not None
    assert known.api_credentials is not None
    assert known.api_credentials["tls"] == "verify"


def test_two_versions_are_kept_and_older_ones_destroyed(world: World) -> None:
    organization, platform = world.platform()
    for number in range(4):
        world.give(organization, platform, password=f"{PASSWORD}-{number}")
    assert sorted(row["version"] for row in world.rows("sealed_credentials")) == [3, 4]
    world.credentials.remove(organization, platform, "api")
    assert world.rows("sealed_credentials") == []
    with pytest.raises(NoCredentials):
        world.credentials.stored(organization, platform, "api", "check")
    with pytest.raises(NotFound):
        world.credentials.remove(organization, platform, "api")
    world.give(organization, platform)
    assert [row["version"] for row in world.rows("sealed_credentials")] == [5]


def test_fingerprints_differ_for_equal_passwords(world: World) -> None:
    one = Place(uuid4(), uuid4(), "api", 1)
    prints = [
        world.vault.fingerprint(place, PASSWORD)
        for place in (one, replace(one, version=2), replace(one, platform_id=uuid4()))
    ]
    assert len(set(prints)) == 3
    assert all(len(bytes.fromhex(each)) == 8 for each in prints)
    assert world.vault.fingerprint(one, PASSWORD) == prints[0]


def test_a_moved_row_cannot_be_decrypted(world: World) -> None:
    organization, platform = world.platform()
    _, other = world.platform(organization)
    world.give(organization, platform)
    world.give(organization, other)
    world.database.execute(
        "UPDATE sealed_credentials SET sealed = (SELECT sealed FROM sealed_credentials WHERE platform_id = %s) "
        "WHERE platform_id = %s",
        (platform, other),
    )
    with pytest.raises(KeyUnavailable):
        world.credentials.stored(organization, other, "api", "check")
    assert world.credentials.stored(organization, platform, "api", "check").version == 1


def test_changed_rows_cannot_redirect_the_password(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    world.database.execute(
        'UPDATE platforms SET api_credentials = api_credentials || \'{"host": "evil.example"}\'::jsonb'
    )
    assert world.credentials.stored(organization, platform, "api", "check").credentials.host == "mt.example.com"


def test_a_refused_command_stores_nothing(world: World) -> None:
    organization, platform = world.platform(api="none")
    with pytest.raises(ApiNotChosen):
        world.give(organization, platform)
    with pytest.raises(NotFound):
        world.give(uuid4(), platform, "db")
    assert world.rows("sealed_credentials") == []
    assert world.kinds() == ["PlatformAdded"]


def test_no_secret_is_in_the_database_in_any_form(world: World) -> None:
    organization, platform = world.platform(api="mt5-manager")
    world.give(organization, platform)
    world.give(organization, platform, "db", database="report")
    world.platforms.change(organization, platform, {"api": "mt5-webapi"})
    dump = world.dump()
    derived = PasswordHash.derive(PASSWORD).raw
    forms = (
        PASSWORD.encode(),
        PASSWORD.encode("utf-16-le"),
        base64.b64encode(PASSWORD.encode()),
        PASSWORD.encode().hex().encode(),
        derived,
        derived.hex().encode(),
        base64.b64encode(derived),
    )
    assert b"mt.example.com" in dump  # the search finds what is there
    assert not [form for form in forms if form in dump]


def test_credentials_are_not_in_a_repr() -> None:
    given = credentials()
    for connector in installed().all:
        assert PASSWORD not in repr(connector.kept(given))
    assert PASSWORD not in repr(given)


def test_rewrapping_makes_the_old_master_key_unnecessary(world: World) -> None:
    places = [world.platform() for _ in range(3)]
    for organization, platform in places:
        world.give(organization, platform)
    new_text = MasterKey.generate("k2")
    both = MasterKey(SecretStr(new_text + world.master_text))
    assert rewrapped(world.database, both) == 3 + len(world.rows("service_keys"))
    assert rewrapped(world.database, both) == 0  # started again, it goes on where it was: nothing is left
    only_new = MasterKey(SecretStr(new_text))
    keys = SubjectKeys(world.database, only_new)
    vault = Vault(world.database, keys, ServiceKeys(world.database, only_new).key("credential-fingerprint"))
    for organization, platform in places:
        opened = vault.use(organization, platform, "api", "test", world.clock.now)
        assert opened is not None
        assert opened.credentials.secret.value == PasswordHash.derive(PASSWORD).raw
        assert vault.fingerprint(opened.place, PASSWORD) == world.vault.fingerprint(opened.place, PASSWORD)


def test_rewrapping_continues_after_an_interruption(world: World) -> None:
    for _ in range(3):
        organization, platform = world.platform()
        world.give(organization, platform)
    lost = MasterKey.generate("k0")
    subject = world.rows("subject_keys")[1]["subject"]
    key = MasterKey(SecretStr(lost)).wrap(b"0" * 32, f"subject|{subject}")
    world.database.execute(
        "UPDATE subject_keys SET key_id = %s, wrapped = %s WHERE subject = %s", (key.key_id, key.wrapped, subject)
    )
    new_text = MasterKey.generate("k2")
    with pytest.raises(KeyUnavailable, match="k0"):
        rewrapped(world.database, MasterKey(SecretStr(new_text + world.master_text)))
    assert rewrapped(world.database, MasterKey(SecretStr(new_text + world.master_text + lost))) >= 3
    assert {row["key_id"] for row in world.rows("subject_keys")} == {"k2"}


def test_purging_an_organization_destroys_its_credentials(world: World) -> None:
    organization, platform = world.platform()
    kept, other = world.platform()
    world.give(organization, platform)
    world.give(kept, other)
    world.views.organization_deleted(organization, world.clock.now + timedelta(days=30))
    assert world.views.find(organization, platform) is None
    with pytest.raises(NotFound):
        world.credentials.stored(organization, platform, "api", "check")
    world.housekeeping()
    assert len(world.rows("sealed_credentials")) == 2
    world.views.organization_restored(organization)
    assert world.views.find(organization, platform) is not None
    world.views.organization_deleted(organization, world.clock.now + timedelta(days=30))
    world.clock.forward(timedelta(days=31))
    world.housekeeping()
    world.housekeeping()
    assert [row["platform_id"] for row in world.rows("sealed_credentials")] == [other]
    assert world.store.subjects.find(str(organization)) is None
    assert world.kinds().count("PlatformRemoved") == 1
    with pytest.raises(NotFound):
        world.platform(organization)


def test_old_records_of_use_are_deleted(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    world.credentials.stored(organization, platform, "api", "check")
    world.clock.forward(timedelta(days=399))
    world.housekeeping()
    assert len(world.rows("credential_uses")) == 1
    world.clock.forward(timedelta(days=2))
    world.housekeeping()
    assert world.rows("credential_uses") == []


def test_events_contain_no_material_of_a_secret(world: World) -> None:
    organization, platform = world.platform()
    world.give(organization, platform)
    (row,) = world.database.all("SELECT state FROM events WHERE topic LIKE '%%CredentialsSet'")
    stored = json.loads(bytes(row["state"]))
    assert {"host", "port", "login", "version", "fingerprint"} <= set(stored)
    assert not [name for name in stored if "secret" in name or "password" in name or "ca_pem" in name]
    assert stored["by"] == ADA
