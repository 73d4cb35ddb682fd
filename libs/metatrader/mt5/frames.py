"""Frames of the Web API over TCP: `LLLL KKKK F body`, the first of a connection after `MT5WEBAPI`.

LLLL is the body's length in bytes, KKKK the serial number, both four hexadecimal digits of either case; bit 1 of
the digit F says that more parts of the same answer follow.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from metatrader.errors import AnswerTooLarge, ProtocolError

PREFIX = b"MT5WEBAPI"
HEADER = 9
MAX_BODY = 0xFFFF
MAX_CLIENT_SERIAL = 0x3FFF
FIRST_SERVER_SERIAL = 0x4000
PING = b"000000000"

_HEX = re.compile(rb"[0-9a-fA-F]{9}")


class Frame(NamedTuple):
    serial: int
    more: bool
    body: bytes


def encode_frame(serial: int, body: bytes, *, more: bool = False) -> bytes:
    """One frame; the body has at most MAX_BODY bytes."""
    return b"%04x%04x%d" % (len(body), serial, more) + body


def parts(message: bytes) -> Iterator[tuple[bytes, bool]]:
    """A message cut into bodies of at most MAX_BODY bytes, each with whether more follow."""
    for start in range(0, max(len(message), 1), MAX_BODY):
        yield message[start : start + MAX_BODY], start + MAX_BODY < len(message)


class FrameDecoder:
    """Frames out of a stream that arrives in any pieces. Buffers at most one frame and the last piece."""

    def __init__(self, *, prefixed: bool = False) -> None:
        self._buffer = bytearray()
        self._prefixed = prefixed

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Frame | None:
        """The next whole frame, or None until more was fed; raises ProtocolError, after which the stream is lost."""
        if self._prefixed and not self._skip_prefix():
            return None
        if len(self._buffer) < HEADER:
            return None
        header = bytes(self._buffer[:HEADER])
        if not _HEX.fullmatch(header):
            raise ProtocolError("a frame does not begin with nine hexadecimal digits")
        end = HEADER + int(header[:4], 16)
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[HEADER:end])
        del self._buffer[:end]
        return Frame(int(header[4:8], 16), bool(int(header[8:], 16) & 1), body)

    def _skip_prefix(self) -> bool:
        seen = bytes(self._buffer[: len(PREFIX)])
        if not PREFIX.startswith(seen):
            raise ProtocolError("the connection does not begin with MT5WEBAPI")
        if len(seen) < len(PREFIX):
            return False
        del self._buffer[: len(PREFIX)]
        self._prefixed = False
        return True


class AnswerParts:
    """Collects the parts of the answer to one request and ignores everything else.

    Bytes are joined before anything is decoded: a part may end in the middle of a character.
    """

    def __init__(self, serial: int, limit: int) -> None:
        self._serial = serial
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, frame: Frame) -> bytes | None:
        """The whole answer with its last part, else None; raises AnswerTooLarge beyond `limit` bytes."""
        if frame.serial != self._serial or not (frame.body or self._parts):
            return None  # another server's message, a late answer, or a ping
        self._size += len(frame.body)
        if self._size > self._limit:
            raise AnswerTooLarge(f"the answer is longer than {self._limit} bytes")
        self._parts.append(frame.body)
        return None if frame.more else b"".join(self._parts)
