"""Requests and consumers on FastStream's in-memory broker. Delivery is tested on a real server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import psycopg
import pytest
from faststream.nats import TestNatsBroker
from faststream.nats.broker import NatsBroker
from faststream.nats.testing import PatchedMessage
from pydantic import BaseModel, PlainSerializer, SecretStr

from kit.db.database import Database
from kit.messaging.bus import Bus
from kit.messaging.consumer import ConsumerRunner
from kit.messaging.inbox import Inbox, Message
from kit.tests.test_delivery import Title, parse

EVENT = b'{"id": "n-e-7", "source": "/n/e", "subject": "s", "sequence": 7, "type": "T", "data": {"title": "a"}}'


class Question(BaseModel):
    number: int


class Answer(BaseModel):
    asked: Question
    secret: Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, when_used="json")]


class RecordingInbox(Inbox):
    """Takes messages without a database, or fails as if that were away."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__(Database("postgresql://"), "reader-wiring", parse, {})
        self.taken: list[Message] = []
        self._failure = failure

    def take(self, message: Message) -> str:
        self.taken.append(message)
        if self._failure is not None:
            raise self._failure
        return "done"


@pytest.fixture
def bus() -> Bus:
    return Bus("nats://127.0.0.1:1", "owner", SecretStr("p"))


def in_memory(bus: Bus, work: Callable[[NatsBroker], Awaitable[object]]) -> None:
    async def run() -> None:
        async with TestNatsBroker(bus.broker, connect_only=False) as broker:
            await work(broker)

    asyncio.run(run())


def test_a_request_is_typed_and_its_answer_goes_to_an_inbox_only(bus: Bus) -> None:
    questions: list[Question] = []
    replies: list[bytes] = []

    def answer(asked: Question) -> Answer:
        questions.append(asked)
        return Answer(asked=asked, secret=SecretStr("shown"))

    bus.answers("rpc.number", Question, answer)

    @bus.broker.subscriber(">", decoder=lambda message: message.body)
    async def note(body: bytes) -> None:
        if b"secret" in body:
            replies.append(body)

    async def ask(broker: NatsBroker) -> None:
        await broker.publish(Question(number=1), "rpc.number", reply_to="_INBOX_asker.1")
        await broker.publish(Question(number=2), "rpc.number", reply_to="evt.identity.-.x.UserErased")

    in_memory(bus, ask)
    assert questions == [Question(number=1)]
    assert replies == [b'{"asked":{"number":1},"secret":"shown"}']


def test_a_consumer_hands_the_parsed_message_to_its_inbox(bus: Bus) -> None:
    inbox = RecordingInbox()
    subscriber = ConsumerRunner(bus, "WORDS", "evt.words.>", inbox).declare()
    in_memory(bus, lambda broker: broker.publish(EVENT, "evt.words.-.s.T", stream="WORDS"))
    assert subscriber.calls
    (message,) = inbox.taken
    assert (message.payload, message.attributes.sequence) == (EVENT, 7)
    assert message.envelope is not None
    assert message.envelope.data == Title("a")


def test_a_transient_failure_is_redelivered_with_a_delay(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float | None] = []

    async def nak(_: PatchedMessage, delay: float | None = None) -> None:
        delays.append(delay)

    monkeypatch.setattr(PatchedMessage, "nak", nak)
    subscriber = ConsumerRunner(bus, "WORDS", "evt.words.>", RecordingInbox(psycopg.OperationalError())).declare()
    in_memory(bus, lambda broker: broker.publish(EVENT, "evt.words.-.s.T", stream="WORDS"))
    assert subscriber.calls
    assert delays == [0.5]
