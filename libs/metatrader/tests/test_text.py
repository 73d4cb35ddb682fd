"""Text of commands and answers: escaping, line ends, and what is no text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metatrader.errors import InvalidValue, ProtocolError
from metatrader.mt5.text import Message, escape, unescape

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
AWKWARD = st.text(st.sampled_from("\\|=\r\n ax"), max_size=12)
KEYS = st.text(st.sampled_from("ABC_09"), min_size=1, max_size=10)


@settings(deadline=None)
@given(st.one_of(TEXT, AWKWARD))
def test_escaping_is_reversible(value: str) -> None:
    assert unescape(escape(value)) == value


@settings(deadline=None)
@given(st.dictionaries(KEYS, st.one_of(TEXT, AWKWARD), max_size=6), st.one_of(TEXT, AWKWARD))
def test_a_message_survives_a_round_trip(params: dict[str, str], body: str) -> None:
    message = Message("DEAL_GET_PAGE", params, body)
    assert Message.decode(message.encode()) == message


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_a_message_or_a_protocol_error(data: bytes) -> None:
    try:
        message = Message.decode(data)
    except ProtocolError:
        return
    assert all(key == key.upper() or not key.isascii() for key in message.params)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TEST|\r\n", Message("TEST")),
        ("TEST\r\n", Message("TEST")),
        ("TEST", Message("TEST")),
        ("TEST|A=1\r\n", Message("TEST", {"A": "1"})),
        ("TEST|A=1|\n", Message("TEST", {"A": "1"})),
        ("TEST|group=demo\\forex|", Message("TEST", {"GROUP": "demo\\forex"})),
        ("TEST|A=x\\|y|B=\\=|\r\n", Message("TEST", {"A": "x|y", "B": "="})),
        ("TEST|A=1=2|\r\n", Message("TEST", {"A": "1=2"})),
        ("TEST|A=\\\\|B=2|\r\n", Message("TEST", {"A": "\\", "B": "2"})),
        ("TEST|A=one\\\ntwo|\r\n{}", Message("TEST", {"A": "one\ntwo"}, "{}")),
        ("TEST|RETCODE=0 Done|\r\n[\r\n]", Message("TEST", {"RETCODE": "0 Done"}, "[\r\n]")),
    ],
)
def test_messages_of_servers_and_clients_are_parsed(text: str, message: Message) -> None:
    assert Message.decode(text.encode("utf-16-le")) == message


@pytest.mark.parametrize("data", [b"T", b"\x00\xd8", b"T\x00\x00\xd8A\x00"])
def test_half_characters_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="UTF-16"):
        Message.decode(data)


def test_half_a_character_is_not_sent() -> None:
    with pytest.raises(InvalidValue, match="half a character"):
        Message("USER_GET", {"LOGIN": "\ud800"}).encode()


def test_parameters_without_an_end_are_refused_unread() -> None:
    with pytest.raises(ProtocolError, match="longer than a frame"):
        Message.decode(("TEST|A=" + "\\" * 100_000).encode("utf-16-le"))
    assert Message.decode(("TEST|\r\n" + "x" * 100_000).encode("utf-16-le")).name == "TEST"


def test_many_backslashes_take_no_longer_than_their_number() -> None:
    value = "\\" * 8_000 + "|" * 7_000
    assert Message.decode(Message("TEST", {"A": value}).encode()).params["A"] == value
