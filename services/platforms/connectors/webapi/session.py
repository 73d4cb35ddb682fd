"""Signed-in sessions of the MetaTrader 5 Web API, which requests share."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta

from metatrader import Mt5Client
from metatrader import errors as mt
from platforms.accounts.model import Row, RowQuery
from platforms.connections.addresses import Policy
from platforms.connections.connector import Reading, Session
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer
from platforms.connectors.webapi.check import failed
from platforms.connectors.webapi.client import Client
from platforms.connectors.webapi.reading import WebApiLists, place

_CONNECTIONS = 2


class WebApiSession(Session):
    def __init__(self, client: Mt5Client) -> None:
        self.client = client
        self._zone_minutes: int | None = None

    async def zone_minutes(self) -> int:
        """As the server states it; asked once."""
        if self._zone_minutes is None:
            offset = (await self.client.time_settings()).zone.utcoffset(None)
            self._zone_minutes = int((offset or timedelta(0)).total_seconds() // 60)
        return self._zone_minutes

    async def rows(self, wanted: RowQuery, zone_minutes: int) -> AsyncGenerator[Row, None]:
        with suppress(mt.NotFound):  # an account that is not there has no rows
            async for row in WebApiLists(self.client, timedelta(minutes=zone_minutes)).rows(wanted):
                yield row

    def broken_by(self, error: Exception) -> bool:
        """Answers such as "not found" leave the connection as it was."""
        return isinstance(error, mt.MetaTraderError) and not isinstance(error, (mt.NotFound, mt.PermissionDenied))

    async def close(self) -> None:
        with suppress(mt.MetaTraderError, OSError):
            await self.client.__aexit__(None, None, None)


def reading(make_client: Client) -> Reading:
    """Reading over clients of one carrier."""

    async def opened(credentials: Credentials, policy: Policy) -> Session:
        dialer = Dialer(credentials.host, credentials.port, policy)
        await dialer.name()
        await dialer.port()
        client = make_client(credentials, dialer.address, _CONNECTIONS)
        try:
            await client.__aenter__()
        except BaseException:
            await client.__aexit__(None, None, None)
            raise
        return WebApiSession(client)

    return Reading(open=opened, errors=(mt.MetaTraderError,), failed=failed, place=place, shared=True)
