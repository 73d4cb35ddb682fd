"""Sessions of a report database: one for each request."""

from collections.abc import AsyncGenerator

from pymysql.err import MySQLError

from platforms.accounts.model import ListName, Place, Row, RowQuery
from platforms.accounts.values import WallClock
from platforms.connections.addresses import Policy
from platforms.connections.connector import NotOffered, Reading, Session
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer
from platforms.connectors.report_database.connecting import encrypted, failed, greeted, report_connection, signed_in
from platforms.connectors.report_database.mysql import ReportConnection
from platforms.connectors.report_database.reading import read
from platforms.connectors.report_database.schema import Layout, Schema


class DatabaseSession(Session):
    def __init__(self, schema: Schema, connection: ReportConnection) -> None:
        self._schema = schema
        self._connection = connection

    async def zone_minutes(self) -> int:
        found = await self._schema.layout.zone(self._schema, self._connection)
        return found.minutes if found else 0

    def rows(self, wanted: RowQuery, zone_minutes: int) -> AsyncGenerator[Row, None]:
        shape = self._schema.layout.shapes[wanted.what]
        if not self._schema.all_of(shape.table):
            raise NotOffered(f"There is no table {shape.table}.")
        return read(shape, self._schema, self._connection, wanted, WallClock(zone_minutes))

    async def close(self) -> None:
        await self._connection.end()


def reading(layout: Layout) -> Reading:
    """Reading the tables of a layout."""

    async def opened(credentials: Credentials, policy: Policy) -> Session:
        dialer = Dialer(credentials.host, credentials.port, policy)
        await dialer.name()
        connection = report_connection(credentials)
        try:
            await greeted(connection, dialer)
            await encrypted(connection, credentials)
            await signed_in(connection)
            schema = await Schema.read(layout, connection)
            if schema.missing:
                raise NotOffered(schema.advice())
        except BaseException:
            await connection.end()
            raise
        return DatabaseSession(schema, connection)

    def place(what: ListName, row: Row) -> Place:
        return layout.shapes[what].place(row)

    return Reading(open=opened, errors=(MySQLError,), failed=failed, place=place)
