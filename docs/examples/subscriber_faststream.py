"""Keeps the events of one organization in a SQLite file, by FastStream; may be killed and started again at any time.

What `tradehall bus-user add` tells is in TRADEHALL_BUS_URL, _USER, _PASSWORD, _ORGANIZATION; EVENTS_FILE is the file.
FastStream does not make a consumer again that the bus lost: after `tradehall streams rebuild`, start this again.
"""

import asyncio
import json
import os
import sqlite3

from faststream import AckPolicy, FastStream
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.security import SASLPlaintext
from nats.js.api import ConsumerConfig

USER = os.environ["TRADEHALL_BUS_USER"]
ORGANIZATION = os.environ["TRADEHALL_BUS_ORGANIZATION"]
INBOX = f"_INBOX_{USER}"

database = sqlite3.connect(os.environ["EVENTS_FILE"])
database.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL, data TEXT NOT NULL)")
broker = NatsBroker(
    os.environ["TRADEHALL_BUS_URL"],
    security=SASLPlaintext(username=USER, password=os.environ["TRADEHALL_BUS_PASSWORD"]),
    inbox_prefix=INBOX,
    max_reconnect_attempts=-1,
    ack_policy=AckPolicy.NACK_ON_ERROR,
)


async def keep(message: NatsMessage) -> None:
    """The effect and the event's id in one transaction: what comes twice has an effect once."""
    event = json.loads(message.body)
    with database:
        database.execute(
            "INSERT INTO events (id, type, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (event["id"], event["type"], json.dumps(event["data"])),
        )


for context in ("identity", "organizations", "platforms", "notifications"):
    broker.subscriber(
        f"evt.{context}.{ORGANIZATION}.>",
        stream=JStream(context.upper(), declare=False),
        durable=USER,
        pull_sub=PullSub(batch_size=1),
        config=ConsumerConfig(max_ack_pending=1, ack_wait=4),  # so that none overtakes one that comes again
        inbox_prefix=f"{INBOX}.".encode(),
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )(keep)

if __name__ == "__main__":
    asyncio.run(FastStream(broker).run())
