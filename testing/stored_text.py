"""All text that a running Tradehall has stored or logged, to search it for secrets."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import nats
import nats.errors
import psycopg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

from deploy.local import Tradehall
from testing.driver import SystemDriver
from testing.shared import Shared


def logs(tradehall: Tradehall | Shared) -> str:
    """All that the processes have said."""
    folder = tradehall.openapi.parents[1] / "log"
    return "\n".join(path.read_text(errors="replace") for path in folder.glob("*") if path.is_file())


def dump(dsn: str) -> str:
    """Every row of every table, as Python writes values."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "\n".join(str(connection.execute(f'SELECT * FROM "{table}"'.encode()).fetchall()) for (table,) in tables)


def messages(driver: SystemDriver, stream: str) -> list[dict[str, Any]]:
    """All messages of a stream in order, read as the observer, with the message id among them."""
    return asyncio.run(_messages(driver.info["nats_url"], stream))


async def _messages(url: str, stream: str) -> list[dict[str, Any]]:
    connection = await nats.connect(url, inbox_prefix=b"_INBOX_observer")
    try:
        subscription = await connection.jetstream().pull_subscribe(
            f"evt.{stream.lower()}.>",
            stream=stream,
            config=ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30),
            inbox_prefix=b"_INBOX_observer.",
        )
        async with asyncio.timeout(60):
            read = await _all_of(subscription)
        await subscription.unsubscribe()
        return read
    finally:
        await connection.close()


async def _all_of(subscription: JetStreamContext.PullSubscription) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = []
    while True:
        # Asked each time: what is shredded meanwhile was counted before, and never comes.
        place = await subscription.consumer_info()
        if not place.num_pending and place.delivered and len(read) == place.delivered.consumer_seq:
            return read
        with suppress(nats.errors.TimeoutError):
            for message in await subscription.fetch(500, timeout=1):
                assert message.headers is not None
                read.append(json.loads(message.data) | {"message_id": message.headers["Nats-Msg-Id"]})
