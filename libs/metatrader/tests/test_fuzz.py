"""Broken answers, the same in every run: whatever arrives, the client's errors come out and nothing else."""

import random
from datetime import UTC

import pytest
from pydantic import TypeAdapter

from metatrader.errors import MetaTraderError
from metatrader.models import Account, Deal, Group, Order, Position, Symbol, User
from metatrader.mt5.answers import Answer, parse
from metatrader.mt5.frames import AnswerParts, FrameDecoder, encode_frame, parts
from metatrader.mt5.text import Message
from metatrader.simulator import invent
from metatrader.simulator.replies import reply

BROKER = invent(3, users=2, trades=4)
PERIOD = {"LOGIN": "100001", "FROM": "0", "TO": "2000000000", "OFFSET": "0", "TOTAL": "6"}
CASES: tuple[tuple[str, dict[str, str], TypeAdapter[object]], ...] = (
    ("DEAL_GET_PAGE", PERIOD, TypeAdapter(list[Deal])),
    ("HISTORY_GET_PAGE", PERIOD, TypeAdapter(list[Order])),
    ("POSITION_GET_PAGE", PERIOD, TypeAdapter(list[Position])),
    ("USER_GET", PERIOD, TypeAdapter(User)),
    ("USER_ACCOUNT_GET", PERIOD, TypeAdapter(Account)),
    ("GROUP_NEXT", {"INDEX": "0"}, TypeAdapter(Group)),
    ("SYMBOL_NEXT", {"INDEX": "0"}, TypeAdapter(Symbol)),
)
TOKENS = ("|", "\\", "=", "\r\n", "{", "}", "[", '"', "-", "1e9", "null", "999999999999999999999", "\U0001f600", "")


def read(stream: bytes, adapter: TypeAdapter[object]) -> object:
    """What a client does with the bytes of a connection."""
    decoder, collected = FrameDecoder(), AnswerParts(1, limit=100_000)
    decoder.feed(stream)
    while (frame := decoder.next()) is not None:
        if (whole := collected.add(frame)) is not None:
            return Answer.of_message(Message.decode(whole)).read(adapter, UTC)
    return None


def mutated(chance: random.Random, text: str) -> str:
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(TOKENS) + text[at + chance.randrange(8) :]
    return text


def flipped(chance: random.Random, stream: bytes) -> bytes:
    broken = bytearray(stream)
    for _ in range(chance.randrange(4)):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken[: chance.randrange(len(broken) // 2, len(broken) + 1)])


@pytest.mark.parametrize(("name", "params", "adapter"), CASES, ids=[name for name, _, _ in CASES])
def test_broken_answers_raise_the_clients_errors_only(
    name: str, params: dict[str, str], adapter: TypeAdapter[object]
) -> None:
    good = reply(BROKER, BROKER.managers[1000], name, params)
    text = Message(name, {"RETCODE": "0 Done"}, good.document).encode().decode("utf-16-le")
    outcomes = {"read": 0, "refused": 0}
    for seed in range(300):
        chance = random.Random(seed)
        message = (mutated(chance, text) if seed % 3 else text).encode("utf-16-le")
        stream = b"".join(encode_frame(1, body, more=more) for body, more in parts(message))
        try:
            read(flipped(chance, stream) if seed % 2 else stream, adapter)
            outcomes["read"] += 1
        except MetaTraderError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20


@pytest.mark.parametrize("document", ["[" * 100_000, '{"a":' * 50_000, "1" * 10_000, "[1,", "\ufeff[]", "NaN"])
def test_hostile_documents_raise_protocol_errors(document: str) -> None:
    with pytest.raises(MetaTraderError):
        Answer("TEST", {}, parse("TEST", document)).read(TypeAdapter(list[Deal]), UTC)
