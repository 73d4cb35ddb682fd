"""The present release on the data of each earlier one: all is found, and the tables are those of a new system."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from contracts.streams import STREAMS
from deploy.cli.postgres_programs import program, reaching
from deploy.local import Tradehall
from deploy.local.folder import VarFolder, postgres_in
from embedded import Postgres, temporary_folder
from kit.db.migrations import Migrations, opened
from kit.security.keys import MasterKey
from platforms.connections.addresses import Policy
from platforms.container import Container
from portal.service import PortalService
from runtime.application import migrations_of
from testing.driver import SystemDriver, UserDriver, call, client_token
from testing.services import SERVICES
from testing.stored_text import dump, messages
from tests.recovery.operator_cli import answer, nothing_is_parked
from tests.upgrades.expected_data import Expected, roles

pytestmark = pytest.mark.timeout(600)
RELEASES = sorted(path.parent for path in Path(__file__).parent.glob("*/expected.json"))
SCHEMAS: dict[str, Migrations] = {
    **{name: migrations_of(service) for name, service in SERVICES.items()},
    "portal": PortalService.migrations,
}
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
FUNCTIONS = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"


def laid_out(release: Path, var: Path) -> None:
    """A data folder as that release left it: databases and master keys."""
    folder = VarFolder(var)
    folder.lock()
    try:
        with postgres_in(folder) as server:
            for file in sorted(release.glob("*.sql.gz")):
                name = file.name.removesuffix(".sql.gz")
                dsn = server.create_database(name, folder.secrets.secret(f"{name}-postgres"))
                argv = (program("psql"), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null")
                subprocess.run(argv, env=reaching(dsn), input=gzip.decompress(file.read_bytes()), check=True)
                folder.secrets.write(f"{name}-master-key", (release / f"{name}-master-key").read_text())
    finally:
        folder.unlock()


@pytest.fixture(scope="module", params=RELEASES, ids=lambda path: path.name)
def upgraded(request: pytest.FixtureRequest) -> Iterator[tuple[Expected, Tradehall, Path]]:
    """The present system on the data of a release."""
    release: Path = request.param
    with temporary_folder() as folder:
        laid_out(release, folder / "var")
        with Tradehall(folder / "var") as system:
            yield Expected.model_validate_json((release / "expected.json").read_text()), system, folder / "var"


def test_fixtures_of_each_release_exist_and_are_small() -> None:
    assert RELEASES
    for release in RELEASES:
        assert sum(path.stat().st_size for path in release.iterdir()) < 300_000


def test_users_sign_in_and_find_their_organizations(upgraded: tuple[Expected, Tradehall, Path]) -> None:
    expected, system, _ = upgraded
    driver = SystemDriver(system.info)
    for human in expected.people:
        person = UserDriver(driver, human.email, human.password)
        assert person.sign_in().url.path != "/login"
        me = person.api("GET", "/me").json()
        assert (me["id"], me["name"], roles(person)) == (human.id, human.name, human.roles)
    gone = expected.erased
    assert UserDriver(driver, gone.email, gone.password).sign_in().url.path == "/login"
    everything = "".join(dump(dsn) for dsn in system.info["postgres_dsn"].values())
    assert gone.email not in everything
    assert gone.name is not None
    assert gone.name not in everything
    driver.close()


def test_programs_get_tokens_and_read(upgraded: tuple[Expected, Tradehall, Path]) -> None:
    expected, system, _ = upgraded
    driver = SystemDriver(system.info)
    token = client_token(driver, expected.client_id, expected.client_secret)
    assert token.status_code == 200, token.text
    told = call(driver, token.json()["access_token"], "GET", f"/organizations/{expected.organization}/events").json()
    assert {"OrgCreated", "ClientCreated", "PlatformAdded"} <= {one["type"].split(".")[2] for one in told["items"]}
    driver.close()


def test_stored_credentials_open(upgraded: tuple[Expected, Tradehall, Path]) -> None:
    expected, system, var = upgraded
    driver = SystemDriver(system.info)
    owner = UserDriver(driver, expected.people[0].email, expected.people[0].password)
    owner.sign_in()
    path = f"/organizations/{expected.organization}/platforms/{expected.platform}"
    assert owner.api("POST", f"{path}/checks", json={"target": "db"}).json()["outcome"] == "port-closed"
    driver.close()
    database = opened(SecretStr(system.info["postgres_dsn"]["platforms"]), SCHEMAS["platforms"])
    master = MasterKey(SecretStr((var / "secrets" / "platforms-master-key").read_text()))
    container = Container(database, master, Policy(private_allowed=True), lambda: datetime.now(UTC))
    place = (UUID(expected.organization), UUID(expected.platform))
    found = container.vault.use(*place, "db", "test", datetime.now(UTC))
    database.close()
    assert found is not None
    assert found.credentials.secret.value.decode() == expected.database["password"]


def test_streams_are_filled_and_read_models_match_the_events(upgraded: tuple[Expected, Tradehall, Path]) -> None:
    expected, system, var = upgraded

    driver = SystemDriver(system.info)
    after = driver.new_user("after")  # whose mail comes once all services have caught up
    assert after.organization
    assert all(one["sound"] for one in answer(var, "streams", "verify"))
    told = [event for stream in STREAMS.values() for event in messages(driver, stream.name)]
    driver.close()
    assert {human.id for human in expected.people} <= {event["subject"] for event in told}
    assert all(not one["differing"] for one in answer(var, "views", "rebuild").values())
    assert nothing_is_parked(system.info["postgres_dsn"])
    for name, dsn in system.info["postgres_dsn"].items():
        with psycopg.connect(dsn) as connection:
            row = connection.execute("SELECT count(*) FROM events").fetchone()
        assert row is not None
        assert row[0] >= expected.events[name]


def test_the_tables_are_those_of_a_new_system(
    upgraded: tuple[Expected, Tradehall, Path], postgres_server: Postgres
) -> None:
    """So a migration step that ran once is never edited: new systems and old ones would differ."""
    for name, steps in SCHEMAS.items():
        fresh = postgres_server.create_database(f"fresh_{name}")
        opened(SecretStr(fresh), steps).close()
        assert tables(upgraded[1].info["postgres_dsn"][name]) == tables(fresh), name


def tables(dsn: str) -> dict[str, list[Any]]:
    with psycopg.connect(dsn) as connection:
        return {
            query: json.loads(json.dumps(connection.execute(query.encode()).fetchall()))
            for query in (COLUMNS, CONSTRAINTS, INDEXES, FUNCTIONS)
        }
