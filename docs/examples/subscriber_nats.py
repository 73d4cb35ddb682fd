"""Keeps the events of one organization in a SQLite file, by plain nats-py; may be killed and started again at any time.

What `tradehall bus-user add` tells is in TRADEHALL_BUS_URL, _USER, _PASSWORD, _ORGANIZATION; EVENTS_FILE is the file.
"""

import asyncio
import json
import os
import sqlite3

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import ConsumerConfig

USER = os.environ["TRADEHALL_BUS_USER"]
ORGANIZATION = os.environ["TRADEHALL_BUS_ORGANIZATION"]
ONE_AFTER_THE_OTHER = ConsumerConfig(max_ack_pending=1, ack_wait=4)  # so that none overtakes one that comes again
TABLE = "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL, data TEXT NOT NULL)"


def keep(database: sqlite3.Connection, payload: bytes) -> None:
    """The effect and the event's id in one transaction: what comes twice has an effect once."""
    event = json.loads(payload)
    with database:
        database.execute(
            "INSERT INTO events (id, type, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (event["id"], event["type"], json.dumps(event["data"])),
        )


async def read(connection: Client, context: str, database: sqlite3.Connection) -> None:
    """Read one context's events for ever, each acknowledged after it is kept; a lost consumer is made again."""
    while True:
        try:
            subscription = await connection.jetstream().pull_subscribe(
                f"evt.{context}.{ORGANIZATION}.>", durable=USER, stream=context.upper(), config=ONE_AFTER_THE_OTHER
            )
            while True:
                try:
                    messages = await subscription.fetch(1, timeout=2)
                except nats.errors.TimeoutError:
                    await subscription.consumer_info()  # raises where the consumer is gone
                    continue
                for message in messages:
                    keep(database, message.data)
                    await message.ack()
        except (nats.errors.Error, OSError, TimeoutError) as error:
            print(f"{context} waits: {error}", flush=True)
            await asyncio.sleep(0.5)


async def main() -> None:
    """Connect, again and again where the bus is away, and read all contexts."""
    database = sqlite3.connect(os.environ["EVENTS_FILE"])
    database.execute(TABLE)
    connection = await nats.connect(
        os.environ["TRADEHALL_BUS_URL"],
        user=USER,
        password=os.environ["TRADEHALL_BUS_PASSWORD"],
        inbox_prefix=f"_INBOX_{USER}".encode(),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
    )
    contexts = ("identity", "organizations", "platforms", "notifications")
    await asyncio.gather(*(read(connection, context, database) for context in contexts))


if __name__ == "__main__":
    asyncio.run(main())
