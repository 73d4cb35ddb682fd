"""The sample as the report database of a kind of platform that has no API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from kit.http.fields import Name
from platforms.connections.connector import Connector, SimulatorOptions
from platforms.connections.credentials import Credentials
from platforms.connectors.tests.added.sample_desk import CONNECTOR as SAMPLE
from platforms.connectors.tests.added.sample_desk import SampleCredentials
from platforms.connectors.tests.added.sample_desk import simulator as desk


class SampleTablesCredentials(SampleCredentials):
    """The key of a desk's tables."""

    database: Annotated[Name, Field(title="Database", description="Name of the database.", examples=["desk"])]

    def credentials(self, connector: Connector) -> Credentials:
        return replace(super().credentials(connector), database=self.database)


@asynccontextmanager
async def simulator(options: SimulatorOptions) -> AsyncIterator[Mapping[str, Any]]:
    async with desk(options) as values:
        yield {**values, "database": "desk"}


CONNECTOR = replace(
    SAMPLE, name="ledger-tables", kind="ledger", target="db", form=SampleTablesCredentials, simulator=simulator
)
