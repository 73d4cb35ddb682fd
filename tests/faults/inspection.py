"""The stores, views and streams of a system that runs, looked at with the services' own tools."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import nats
import nats.errors
import nats.js.errors
import psycopg
from nats.aio.client import Client
from psycopg.rows import dict_row

from contracts.streams import consumers_of, feeds_of
from kit.eventstore.rebuild import rebuild
from kit.messaging.stream_verification import Verdict, compared, entries, expected, fetched, last_place
from runtime.definition import Service
from testing.services import SERVICES, inside
from tests.faults.breakable_system import BreakableSystem
from tests.faults.subscriber import quiet


@dataclass(frozen=True)
class Inspection:
    """Reaches PostgreSQL and NATS past the proxies."""

    battered: BreakableSystem
    services: Mapping[str, Service[Any]]

    @classmethod
    @contextmanager
    def of(cls, battered: BreakableSystem) -> Iterator["Inspection"]:
        with ExitStack() as opened:
            services = {name: opened.enter_context(inside(name, _settings(battered, name))) for name in SERVICES}
            yield cls(battered, services)

    def rows(self, service: str, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.battered.driver.info["postgres_dsn"][service], row_factory=dict_row) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def verdict(self, service: str) -> Verdict:
        """The service's stream compared with its store. Raises nats.errors.Error, OSError."""
        portal, looked_at = self.battered.portal, self.services[service]
        connection: Client = portal.call(self._connected, service)
        try:
            jetstream = connection.jetstream()
            last = portal.call(last_place, jetstream, looked_at.stream.name)
            stream = entries(last, lambda place: portal.call(fetched, jetstream, looked_at.stream.name, place, last))
            return compared(expected(looked_at.store, looked_at.publications.message), stream)
        finally:
            portal.call(connection.close)

    def unread(self, service: str) -> int:
        """How many messages the service has before it, in all streams that it reads. Raises nats.errors.Error."""
        return int(self.battered.portal.call(self._unread, service))

    def ids(self) -> set[str]:
        """Every event that is public."""
        return {
            outgoing.id
            for looked_at in self.services.values()
            for outgoing in expected(looked_at.store, looked_at.publications.message)
        }

    def wrong_rows(self, service: str) -> dict[str, int]:
        """By read model, rows that are not what a rebuild gives."""
        return rebuild(self.services[service].store).differing

    async def _connected(self, service: str) -> Client:
        return await nats.connect(
            f"nats://127.0.0.1:{self.battered.nats_port}",
            user=service,
            password=(self.battered.var / "secrets" / f"{service}-nats").read_text(),
            inbox_prefix=f"_INBOX_{service}".encode(),
            allow_reconnect=False,
            error_cb=quiet,
        )

    async def _unread(self, service: str) -> int:
        connection = await self._connected(service)
        try:
            places = [
                await connection.jetstream().consumer_info(durable.stream.name, durable.name)
                for durable in (*consumers_of(service), *feeds_of(service))
            ]
            return sum((place.num_pending or 0) + (place.num_ack_pending or 0) for place in places)
        finally:
            await connection.close()


def _settings(battered: BreakableSystem, service: str) -> dict[str, str]:
    secrets = battered.var / "secrets"
    return {
        "TRADEHALL_SERVICE_PORT": "0",
        "TRADEHALL_POSTGRES_DSN": battered.driver.info["postgres_dsn"][service],
        "TRADEHALL_NATS_URL": f"nats://127.0.0.1:{battered.nats_port}",
        "TRADEHALL_NATS_PASSWORD_FILE": str(secrets / f"{service}-nats"),
        "TRADEHALL_MASTER_KEY_FILE": str(secrets / f"{service}-master-key"),
        "TRADEHALL_PUBLIC_URL": battered.system.info["url"],
        "TRADEHALL_SMTP_HOST": "127.0.0.1",
        "TRADEHALL_SMTP_PORT": "1",
        "TRADEHALL_SMTP_TLS": "off",
        "TRADEHALL_MAIL_FROM": "no-reply@tradehall.example",
    }
