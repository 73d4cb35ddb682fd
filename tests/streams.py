"""What stands in the streams of a running system."""

import asyncio
import json
from typing import Any

import nats
from nats.js.api import AckPolicy, ConsumerConfig

from tests.driver import Hall


def messages(hall: Hall, stream: str) -> list[dict[str, Any]]:
    """All messages of a stream in order, read as the observer, with the message id among them."""
    return asyncio.run(_messages(hall.info["nats_url"], stream))


async def _messages(url: str, stream: str) -> list[dict[str, Any]]:
    connection = await nats.connect(url, inbox_prefix=b"_INBOX_observer")
    try:
        js = connection.jetstream()
        total = (await js.stream_info(stream)).state.messages
        read: list[dict[str, Any]] = []
        if total == 0:
            return read
        subscription = await js.pull_subscribe(
            f"evt.{stream.lower()}.>",
            stream=stream,
            config=ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30),
            inbox_prefix=b"_INBOX_observer.",
        )
        while len(read) < total:
            for message in await subscription.fetch(500, timeout=10):
                assert message.headers is not None
                read.append(json.loads(message.data) | {"message_id": message.headers["Nats-Msg-Id"]})
        await subscription.unsubscribe()
        return read
    finally:
        await connection.close()
