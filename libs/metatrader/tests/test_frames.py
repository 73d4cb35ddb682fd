"""Frames: any pieces of the stream, any sizes, and what is no frame."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metatrader.errors import AnswerTooLarge, ProtocolError
from metatrader.mt5.frames import (
    MAX_BODY,
    PING,
    PREFIX,
    AnswerParts,
    Frame,
    FrameDecoder,
    encode_frame,
    parts,
)

FRAMES = st.lists(
    st.builds(Frame, st.integers(0, 0xFFFF), st.booleans(), st.binary(max_size=300)), min_size=1, max_size=8
)


def decoded(decoder: FrameDecoder, stream: bytes, cuts: list[int]) -> list[Frame]:
    """The frames of a stream that arrives cut at these places."""
    found = []
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        decoder.feed(stream[start:end])
        while (frame := decoder.next()) is not None:
            found.append(frame)
    return found


@settings(deadline=None)
@given(FRAMES, st.lists(st.integers(0, 5000), max_size=30), st.booleans(), st.booleans())
def test_frames_survive_any_pieces_of_the_stream(
    frames: list[Frame], cuts: list[int], prefixed: bool, upper: bool
) -> None:
    stream = PREFIX * prefixed
    for frame in frames:
        encoded = encode_frame(frame.serial, frame.body, more=frame.more)
        stream += (encoded[:9].upper() if upper else encoded[:9]) + encoded[9:]
    assert decoded(FrameDecoder(prefixed=prefixed), stream, cuts) == frames


@settings(deadline=None)
@given(st.binary(min_size=9, max_size=64))
def test_an_invalid_frame_is_refused_and_an_incomplete_one_awaited(stream: bytes) -> None:
    decoder = FrameDecoder()
    decoder.feed(stream)
    if all(chr(byte) in "0123456789abcdefABCDEF" for byte in stream[:9]):
        frame = decoder.next()
        assert frame is None or len(frame.body) == int(stream[:4], 16)
    else:
        with pytest.raises(ProtocolError):
            decoder.next()


@pytest.mark.parametrize(
    "header", [b"+01e000a0", b"0x1e000a0", b" 1e0000a0", b"1_e0000a0", b"-00100000", b"001e00a\r\n"]
)
def test_only_hexadecimal_digits_make_a_header(header: bytes) -> None:
    decoder = FrameDecoder()
    decoder.feed(header + bytes(100))
    with pytest.raises(ProtocolError, match="hexadecimal"):
        decoder.next()


@pytest.mark.parametrize("stream", [b"000e000a0", b"MT5WEBAPX", b"GET / HTTP"])
def test_a_server_refuses_a_connection_without_the_prefix(stream: bytes) -> None:
    decoder = FrameDecoder(prefixed=True)
    decoder.feed(stream)
    with pytest.raises(ProtocolError, match="MT5WEBAPI"):
        decoder.next()


def test_the_prefix_is_taken_once_only() -> None:
    decoder = FrameDecoder(prefixed=True)
    decoder.feed(PREFIX + PING + PREFIX)
    assert decoder.next() == Frame(0, False, b"")
    with pytest.raises(ProtocolError):
        decoder.next()


@settings(deadline=None)
@given(st.binary(max_size=3), st.integers(0, 3), st.integers(1, 0x3FFF))
def test_a_message_of_many_parts_is_joined_again(start: bytes, whole: int, serial: int) -> None:
    message = start + bytes(whole * MAX_BODY)
    collected = AnswerParts(serial, limit=len(message))
    results = [collected.add(Frame(serial, more, body)) for body, more in parts(message)]
    if message:
        assert results == [None] * (len(results) - 1) + [message]
    assert all(len(body) <= MAX_BODY for body, _ in parts(message))


def test_pings_and_other_serials_between_the_parts_are_passed_over() -> None:
    collected = AnswerParts(5, limit=100)
    frames = [
        Frame(0x4000, False, b""),
        Frame(5, False, b""),
        Frame(4, False, b"late"),
        Frame(5, True, b"one "),
        Frame(0x4001, False, b""),
        Frame(0x8000, True, b"other"),
        Frame(5, True, b"two"),
    ]
    assert [collected.add(frame) for frame in frames] == [None] * 7
    assert collected.add(Frame(5, False, b"")) == b"one two"


def test_an_answer_beyond_the_limit_is_refused_while_it_comes() -> None:
    collected = AnswerParts(1, limit=MAX_BODY + 1)
    assert collected.add(Frame(1, True, bytes(MAX_BODY))) is None
    with pytest.raises(AnswerTooLarge):
        collected.add(Frame(1, True, bytes(2)))
