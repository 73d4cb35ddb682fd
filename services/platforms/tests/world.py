"""The container of the service on a real database, with a clock that tests move."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from kit.context import acting
from kit.db.database import Database
from kit.security.keys import MasterKey
from platforms.checks.domain import Result
from platforms.connections.addresses import Policy
from platforms.connections.credentials import Credentials, Secret
from platforms.container import Container
from platforms.platforms.domain import Target
from testing.clock import Clock

PASSWORD = "Tr0ub4dor-and-3"
ADA = "0b7f2d3c-1111-4c5d-9e6f-000000000001"


class World:
    """The parts, with short ways to situations."""

    def __init__(self, dsn: str, *, private_allowed: bool = True) -> None:
        self.dsn = dsn
        self.database = Database(dsn)
        self.database.open()
        self.clock = Clock()
        self.master_text = MasterKey.generate()
        self.master = MasterKey(SecretStr(self.master_text))
        self.parts = Container(self.database, self.master, Policy(private_allowed=private_allowed), self.clock)
        self.store = self.parts.store
        self.platforms = self.parts.platforms
        self.credentials = self.parts.credentials
        self.vault = self.parts.vault
        self.checks = self.parts.checks
        self.history = self.parts.history
        self.checker = self.parts.checker
        self.schedule = self.parts.schedule
        self.housekeeping = self.parts.housekeeping
        self.views = self.store.views

    def platform(
        self, organization: UUID | None = None, *, name: str = "Live", kind: str = "mt5", api: str = "mt5-webapi"
    ) -> tuple[UUID, UUID]:
        """An organization and its new platform."""
        organization = organization or uuid4()
        with acting(actor=ADA, correlation="request-1"):
            return organization, self.platforms.add(organization, name, kind, api)

    def give(self, organization: UUID, platform: UUID, target: Target = "api", **given: Any) -> None:
        """Store credentials, with one option."""
        with acting(actor=ADA, correlation="request-1"):
            self.credentials.set(organization, platform, target, credentials(**given), {"desk": "prime"})

    async def check(
        self, organization: UUID, platform: UUID, target: Target = "api", occasion: str = "demand"
    ) -> Result:
        """Check what is stored."""
        stored = self.credentials.stored(organization, platform, target, "check")
        return await self.checker.result(organization, platform, target, stored, occasion)

    def status(self, organization: UUID, platform: UUID) -> tuple[str, str | None]:
        row = self.views.find(organization, platform)
        assert row is not None
        return row.state, row.reason

    def kinds(self) -> list[str]:
        """The names of all stored events, in order."""
        return [type(one.event).__name__ for one in self.store.read(0, 10_000)]

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self.database.all(SQL("TABLE {}").format(Identifier(table))))

    def tables(self) -> list[str]:
        rows = self.database.all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row["tablename"] for row in rows]

    def dump(self) -> bytes:
        return dump(self.dsn)


def dump(dsn: str) -> bytes:
    """Every byte that a database holds."""
    found = b""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            copy = SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(table))
            with connection.cursor().copy(copy) as out:
                found += b"".join(bytes(part) for part in out)
    return found


def credentials(*, password: str = PASSWORD, **given: Any) -> Credentials:
    defaults: dict[str, Any] = {"host": "mt.example.com", "port": 443, "login": "1000"}
    return Credentials(secret=Secret.password(password), **{**defaults, **given})


def outcomes(result: Result) -> dict[str, str]:
    """Each stage's outcome, in order."""
    return {step.name: step.outcome for step in result.steps}
