"""A connection to the bus as its maintainer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from nats.js import JetStreamContext

from contracts.nats_config import MAINTAINER
from deploy.cli.running import Running


@asynccontextmanager
async def maintaining(running: Running) -> AsyncIterator[JetStreamContext]:
    """A connection that may delete streams and create consumers for readers."""
    connection = await nats.connect(
        running.nats_url,
        user=MAINTAINER,
        password=running.secret(f"{MAINTAINER}-nats"),
        inbox_prefix=f"_INBOX_{MAINTAINER}".encode(),
    )
    try:
        yield connection.jetstream()
    finally:
        await connection.close()
