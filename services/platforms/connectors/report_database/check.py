"""The check of a report database on MySQL or MariaDB."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymysql.err import MySQLError

from platforms.checks.domain import Check, Failed, Finding, Stage
from platforms.connections.addresses import Policy
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer
from platforms.connectors.report_database.connecting import encrypted, failed, greeted, report_connection, signed_in
from platforms.connectors.report_database.freshness import newest_row, trading_time_between
from platforms.connectors.report_database.grants import rights_beyond_reading
from platforms.connectors.report_database.schema import Layout, Schema

_STALE = timedelta(hours=24)


class DatabaseCheck(Check):
    def __init__(self, layout: Layout, credentials: Credentials, policy: Policy) -> None:
        self._layout = layout
        self._credentials = credentials
        self._dialer = Dialer(credentials.host, credentials.port, policy)
        self._connection = report_connection(credentials)
        self._schema = Schema(layout, {})

    def stages(self) -> Sequence[Stage]:
        return (
            ("name", 5.0, self._dialer.name),
            ("port", 5.0, self._port),
            ("tls", 5.0, self._tls),
            ("sign-in", 10.0, self._sign_in),
            ("grants", 10.0, self._grants),
            ("schema", 15.0, self._read_schema),
            ("freshness", 60.0, self._freshness),
            ("time zone", 15.0, self._time_zone),
        )

    async def close(self) -> None:
        await self._connection.end()

    async def _port(self) -> Finding:
        return await greeted(self._connection, self._dialer)

    async def _tls(self) -> Finding:
        return await encrypted(self._connection, self._credentials)

    async def _sign_in(self) -> Finding:
        await signed_in(self._connection)
        return Finding(f"Signed in as {self._credentials.login}")

    async def _grants(self) -> Finding:
        try:
            writable = await rights_beyond_reading(self._connection)
        except MySQLError as error:
            raise failed(error) from error
        if writable:
            return Finding(
                f"The user can do more than read: {', '.join(writable)}. Use a read-only user with SELECT only.",
                "writable-grants",
            )
        return Finding("This user may only read")

    async def _read_schema(self) -> Finding:
        try:
            self._schema = await Schema.read(self._layout, self._connection)
        except MySQLError as error:
            raise failed(error) from error
        if self._schema.missing:
            raise Failed("schema-missing", self._schema.advice())
        return Finding(self._schema.summary())

    async def _freshness(self) -> Finding:
        try:
            found = await newest_row(self._schema, self._connection)
        except MySQLError as error:
            raise failed(error) from error
        if found is None:
            return Finding("The tables are empty: it is unknown whether the server exports into them.", "stale-data")
        now = datetime.now(UTC)
        age = trading_time_between(found.time, now)
        newest = f"The newest row is of {found.time:%Y-%m-%d %H:%M:%S} ({found.table})"
        if age > _STALE:
            return Finding(f"{newest}. Check that the server still exports into this database.", "stale-data")
        return Finding(newest)

    async def _time_zone(self) -> Finding:
        try:
            zone = await self._layout.zone(self._schema, self._connection)
        except MySQLError as error:
            raise failed(error) from error
        if zone is None:
            return Finding(
                "The tables do not show the server's time zone: times are interpreted as UTC.",
                "time-zone-unknown",
            )
        self.zone_minutes = zone.minutes
        return Finding(f"The server's time zone is {zone.detail}")
