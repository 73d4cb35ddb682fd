"""Checks of report databases against a real MariaDB, and against servers that are none or that lie."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pymysql.err import MySQLError

from platforms.checks.domain import Result
from platforms.connections.addresses import Policy
from platforms.connectors.mt5_tables.layout import LAYOUT
from platforms.connectors.report_database.check import DatabaseCheck
from platforms.connectors.report_database.freshness import trading_time_between
from platforms.connectors.report_database.grants import roles_of, writing_rights
from platforms.tests.fake_servers import pretender
from platforms.tests.mariadb import PASSWORD, READER, WRITER, MariaDb
from platforms.tests.tables import MT4, MT5, mt4_database, mt5_database
from platforms.tests.world import World, credentials, outcomes

pytestmark = pytest.mark.anyio

ALL = ["name", "port", "tls", "sign-in", "grants", "schema", "freshness", "time zone"]


def report(server: MariaDb, database: str, **given: Any) -> dict[str, Any]:
    """Credentials for a report database that are right by default."""
    right: dict[str, Any] = {
        "host": "localhost",
        "port": server.port,
        "login": READER,
        "password": PASSWORD,
        "database": database,
        "ca_pem": server.certificate.ca_pem,
    }
    return right | given


async def checked(world: World, given: dict[str, Any], kind: str = "mt5") -> tuple[Result, UUID, UUID]:
    organization, platform = world.platform(kind=kind, api="none")
    world.give(organization, platform, "db", **given)
    return await world.check(organization, platform, "db"), organization, platform


def last(result: Result) -> tuple[str, str]:
    return result.steps[-1].name, result.steps[-1].outcome


def detail(result: Result, stage: str) -> str:
    return next(step.detail for step in result.steps if step.name == stage)


async def test_a_healthy_mt5_export_passes_every_stage(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_well")
    result, organization, platform = await checked(world, report(mariadb, name))
    assert (result.outcome, list(outcomes(result))) == ("ok", ALL), result
    assert result.zone_minutes == 120
    assert "MT5 export tables" in detail(result, "schema")
    assert "mt5_symbols" in detail(result, "schema")
    assert world.status(organization, platform) == ("ok", None)


async def test_a_healthy_mt4_report_database_passes_every_stage(world: World, mariadb: MariaDb) -> None:
    name = mt4_database(mariadb, "mt4_well")
    mariadb.run("CREATE TABLE crm_notes (id int PRIMARY KEY)", database=name)
    result, _, _ = await checked(world, report(mariadb, name), "mt4")
    assert (result.outcome, list(outcomes(result))) == ("ok", ALL), result
    assert result.zone_minutes == 180
    assert "tables of your own: crm_notes" in detail(result, "schema")


async def test_names_of_tables_may_be_written_in_capitals(world: World, mariadb: MariaDb) -> None:
    name = mariadb.database("mt4_capitals", *(each.replace("mt4_", "MT4_") for each in MT4))
    result, _, _ = await checked(world, report(mariadb, name), "mt4")
    assert outcomes(result)["schema"] == "ok"
    assert outcomes(result)["freshness"] == "stale-data"


async def test_write_privileges_are_a_warning(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_writer")
    result, organization, platform = await checked(world, report(mariadb, name, login=WRITER))
    assert (result.outcome, outcomes(result)["grants"]) == ("degraded", "writable-grants")
    assert "INSERT" in detail(result, "grants")
    assert world.status(organization, platform) == ("degraded", "writable-grants")


async def test_write_privileges_of_a_role_are_a_warning(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_role")
    mariadb.run(
        "CREATE OR REPLACE ROLE writing",
        "CREATE OR REPLACE ROLE indirect",
        f"GRANT SELECT, UPDATE ON {name}.* TO writing",
        "GRANT writing TO indirect",
        f"CREATE OR REPLACE USER casual@'%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON {name}.* TO casual@'%'",
        "GRANT indirect TO casual@'%'",
    )
    unused, _, _ = await checked(world, report(mariadb, name, login="casual"))
    mariadb.run("SET DEFAULT ROLE indirect FOR casual@'%'")
    used, _, _ = await checked(world, report(mariadb, name, login="casual"))
    for result in (unused, used):
        assert outcomes(result)["grants"] == "writable-grants", detail(result, "grants")
        assert "UPDATE" in detail(result, "grants")
        assert outcomes(result)["schema"] == "ok", "what the user has taken is taken again"


async def test_read_privileges_of_a_role_pass(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_reading_role")
    mariadb.run(
        "CREATE OR REPLACE ROLE looking",
        f"GRANT SELECT ON {name}.* TO looking",
        f"CREATE OR REPLACE USER looker@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT looking TO looker@'%'",
        "SET DEFAULT ROLE looking FOR looker@'%'",
    )
    result, _, _ = await checked(world, report(mariadb, name, login="looker"))
    assert result.outcome == "ok", result


@pytest.mark.parametrize(
    ("given", "stage", "outcome", "state"),
    [
        ({"password": "another"}, "sign-in", "bad-credentials", "refused"),
        ({"login": "nobody"}, "sign-in", "bad-credentials", "refused"),
        ({"database": "mysql"}, "sign-in", "right-missing", "refused"),
        ({"host": "nobody.invalid"}, "name", "name-not-found", "lost"),
        ({"port": 1}, "port", "port-closed", "lost"),
        ({"ca_pem": None}, "tls", "tls-failed", "lost"),
    ],
)
async def test_a_failure_is_reported_at_its_stage(
    world: World, mariadb: MariaDb, given: dict[str, Any], stage: str, outcome: str, state: str
) -> None:
    name = mt5_database(mariadb, "mt5_wrong")
    result, organization, platform = await checked(world, report(mariadb, name) | given)
    assert last(result) == (stage, outcome), result
    assert world.status(organization, platform) == (state, outcome)
    (plan,) = world.rows("check_plans")
    assert (plan["next_at"] is None) == (state == "refused")


async def test_non_ascii_passwords_are_sent_in_the_servers_encoding(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_unicode")
    mariadb.run("CREATE OR REPLACE USER 'zoë'@'%' IDENTIFIED BY 'pässwörd €'", f"GRANT SELECT ON {name}.* TO 'zoë'@'%'")
    result, _, _ = await checked(world, report(mariadb, name, login="zoë", password="pässwörd €"))
    assert result.outcome == "ok", result


async def test_tls_is_verified_required_or_off_as_asked(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_tls")
    required, _, _ = await checked(world, report(mariadb, name, tls="require", ca_pem=None, host="127.0.0.1"))
    assert (required.outcome, outcomes(required)["tls"]) == ("ok", "ok")
    assert "not verified" in detail(required, "tls")
    off, organization, platform = await checked(world, report(mariadb, name, tls="off", ca_pem=None))
    assert (off.outcome, outcomes(off)["tls"]) == ("degraded", "plaintext")
    assert world.status(organization, platform) == ("degraded", "plaintext")
    mariadb.run(f"ALTER USER '{READER}'@'%' REQUIRE SSL")
    try:
        insists, _, _ = await checked(world, report(mariadb, name, tls="off", ca_pem=None))
    finally:
        mariadb.run(f"ALTER USER '{READER}'@'%' REQUIRE NONE")
    assert insists.steps[-1].name == "sign-in"


async def test_missing_tables_and_columns_are_named(world: World, mariadb: MariaDb) -> None:
    empty, _, _ = await checked(world, report(mariadb, mariadb.database("mt5_empty")))
    assert last(empty) == ("schema", "schema-missing")
    assert "mt5_deals" in empty.steps[-1].detail
    other, _, _ = await checked(world, report(mariadb, mt4_database(mariadb, "mt4_other")))
    assert "These are the tables of an MT4 server" in other.steps[-1].detail
    name = mariadb.database("mt5_columns", *MT5, "ALTER TABLE mt5_deals DROP COLUMN Profit")
    columns, organization, platform = await checked(world, report(mariadb, name))
    assert "mt5_deals.profit" in columns.steps[-1].detail
    assert world.status(organization, platform) == ("lost", "schema-missing")


async def test_deals_in_tables_of_years_are_found(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_years")
    mariadb.run(
        "RENAME TABLE mt5_deals TO mt5_deals_2026", "CREATE TABLE mt5_deals_2025 LIKE mt5_deals_2026", database=name
    )
    result, _, _ = await checked(world, report(mariadb, name))
    assert result.outcome == "ok", result


@pytest.mark.parametrize("kind", ["mt4", "mt5"])
async def test_stale_data_is_a_warning(world: World, mariadb: MariaDb, kind: str) -> None:
    make = mt4_database if kind == "mt4" else mt5_database
    name = make(mariadb, f"{kind}_stale", age=timedelta(days=6))
    result, organization, platform = await checked(world, report(mariadb, name), kind)
    assert (result.outcome, outcomes(result)["freshness"]) == ("degraded", "stale-data")
    assert world.status(organization, platform) == ("degraded", "stale-data")


async def test_an_unknown_time_zone_is_a_warning(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_no_zone")
    mariadb.run("DROP TABLE mt5_time", database=name)
    result, _, _ = await checked(world, report(mariadb, name))
    assert outcomes(result)["time zone"] == "time-zone-unknown"
    assert result.zone_minutes is None


@pytest.mark.parametrize(
    ("stated", "minutes", "text"),
    [
        ((120, 0, 0), 120, "UTC+02:00, all year"),
        ((-300, 1, 0), -300, "UTC-05:00; it keeps summer time: times before its last change are 1 h off"),
        ((120, 1, 1), 180, "UTC+03:00; it keeps summer time"),
    ],
)
async def test_the_time_zone_reports_what_is_unknown(
    world: World, mariadb: MariaDb, stated: tuple[int, int, int], minutes: int, text: str
) -> None:
    name = mt5_database(mariadb, "mt5_zones")
    update = "UPDATE mt5_time SET TimeZone = %s, Daylight = %s, DaylightState = %s"
    mariadb.run(update, database=name, rows=[stated])
    result, _, _ = await checked(world, report(mariadb, name))
    assert result.zone_minutes == minutes
    assert text in detail(result, "time zone")
    mariadb.run("ALTER TABLE mt5_time DROP COLUMN Daylight, DROP COLUMN DaylightState", database=name)
    result, _, _ = await checked(world, report(mariadb, name))
    assert "whether it keeps summer time is not known" in detail(result, "time zone")


async def test_nothing_can_be_written_on_the_checks_connection(world: World, mariadb: MariaDb) -> None:
    name = mt5_database(mariadb, "mt5_read_only")
    given = credentials(**report(mariadb, name, login=WRITER))
    check = DatabaseCheck(LAYOUT, given, Policy(private_allowed=True))
    for stage in check.stages()[:4]:
        await stage[2]()
    connection = check._connection
    with pytest.raises(MySQLError, match="READ ONLY"):
        await connection.rows("INSERT INTO mt5_time VALUES (1, 1, 1)")
    with pytest.raises(MySQLError):
        await connection.rows("SELECT 1; SELECT 2")
    (limit,) = await connection.rows("SELECT @@max_statement_time AS seconds")
    assert float(limit["seconds"]) == 10.0
    await check.close()


def greeting(plugin: bytes, *, tls: bool) -> bytes:
    """A server's first packet."""
    flags = 0x000FF7FF & ~0x800 | (0x800 if tls else 0)
    body = (
        b"\x0a8.0.40\0" + (7).to_bytes(4, "little") + b"12345678\0" + (flags & 0xFFFF).to_bytes(2, "little")
        + b"\x2d\x02\0" + (flags >> 16).to_bytes(2, "little") + b"\x15" + b"\0" * 10 + b"123456789012\0"
        + plugin + b"\0"
    )  # fmt: skip
    return len(body).to_bytes(3, "little") + b"\0" + body


async def test_a_server_other_than_mysql_is_reported_at_the_port(world: World) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x10\x00")

    found = {}
    for handler in (web, silent, closing):
        async with pretender(handler) as port:
            given = {"host": "127.0.0.1", "port": port, "login": "r", "database": "d", "tls": "off"}
            result, _, _ = await checked(world, given)
            assert result.steps[-1].name == "port"
            found[handler.__name__] = result.outcome
    assert found == {"web": "protocol-error", "silent": "timeout", "closing": "connection-lost"}


@pytest.mark.parametrize("plugin", [b"mysql_clear_password", b"sha256_password", b"caching_sha2_password"])
async def test_a_password_is_never_shown_to_a_server_without_tls(world: World, plugin: bytes) -> None:
    heard = bytearray()

    async def asking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting(plugin, tls=False))
        header = await reader.readexactly(4)
        heard.extend(await reader.readexactly(int.from_bytes(header[:3], "little")))
        ask = b"\xfe" + plugin + b"\0" + b"1" * 20 + b"\0"
        writer.write(len(ask).to_bytes(3, "little") + b"\x02" + ask)
        heard.extend(await reader.read(4096))

    async with pretender(asking) as port:
        given = {"host": "127.0.0.1", "port": port, "login": "r", "database": "d", "password": PASSWORD, "tls": "off"}
        result, _, _ = await checked(world, given)
    assert last(result) == ("sign-in", "tls-failed")
    assert PASSWORD.encode() not in heard


@pytest.mark.parametrize("tls", ["require", "verify"])
async def test_a_server_that_withdraws_tls_gets_no_password(world: World, tls: str) -> None:
    heard = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting(b"mysql_native_password", tls=False))
        heard.extend(await reader.read(4096))

    async with pretender(plain) as port:
        given = {"host": "127.0.0.1", "port": port, "login": "r", "database": "d", "tls": tls}
        result, _, _ = await checked(world, given)
    assert last(result) == ("tls", "tls-failed")
    assert not heard


async def test_a_truncated_answer_ends_the_check(world: World) -> None:
    async def stopping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting(b"mysql_native_password", tls=False))
        await reader.read(4096)
        writer.write(b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00")  # signed in
        await reader.read(4096)
        writer.write(b"\x20\x00\x00")  # the beginning of an answer

    async with pretender(stopping) as port:
        given = {"host": "127.0.0.1", "port": port, "login": "r", "database": "d", "tls": "off"}
        result, _, _ = await checked(world, given)
    assert last(result) == ("sign-in", "connection-lost")


def test_roles_are_found_as_each_server_writes_them() -> None:
    mariadb = ["GRANT `in``direct` TO `r`@`%` WITH ADMIN OPTION", "GRANT `writing` TO `in``direct`"]
    assert roles_of(mariadb) == ["`in``direct`"]
    mysql = ["GRANT USAGE ON *.* TO `r`@`%`", "GRANT `one`@`%`,`two`@`localhost` TO `r`@`%`"]
    assert roles_of(mysql) == ["`one`@`%`", "`two`@`localhost`"]
    assert roles_of(["GRANT SELECT ON `a`.* TO `r`@`%`", "GRANT `x`; DROP TABLE y TO `r`@`%`"]) == []


def test_privileges_beyond_reading_are_found_in_the_grants() -> None:
    assert writing_rights(["GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*00'"]) == []
    assert writing_rights(["GRANT SELECT, SHOW VIEW ON `report`.* TO `r`@`%`"]) == []
    assert writing_rights(["GRANT SELECT (`a`, `b`), UPDATE (`a`) ON `report`.`t` TO `r`@`%`"]) == ["UPDATE"]
    assert writing_rights(["GRANT ALL PRIVILEGES ON *.* TO 'r'@'%' WITH GRANT OPTION"]) == [
        "ALL PRIVILEGES", "GRANT OPTION",
    ]  # fmt: skip


def test_no_trading_is_expected_at_weekends() -> None:
    friday = datetime(2026, 3, 6, 21, tzinfo=UTC)
    monday = datetime(2026, 3, 9, 1, tzinfo=UTC)
    assert trading_time_between(friday, monday) == timedelta(hours=4)
    assert trading_time_between(monday, friday) == timedelta(0)
    assert trading_time_between(friday - timedelta(days=400), monday) > timedelta(days=30)
