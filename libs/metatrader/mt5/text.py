"""Text of commands and answers: `NAME|KEY=VALUE|...|` CR LF and, optionally, a JSON body, all in UTF-16LE.

In names and values a backslash escapes `=`, `|`, the backslash itself and LF; before anything else it is a backslash.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from metatrader.errors import InvalidValue, ProtocolError

_SPECIAL = re.compile(r"[=|\\\n]")
_LONGEST_HEAD = 0x7FFF
"""Characters of parameters; the body that follows has no limit here."""
_ESCAPED = re.compile(r"\\([=|\\\n])")


def escape(value: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", value)


def unescape(value: str) -> str:
    return _ESCAPED.sub(r"\1", value)


@dataclass(frozen=True)
class Message:
    """A command or an answer. The keys of `params` are upper case; `body` is JSON text or empty."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def encode(self) -> bytes:
        """Raises InvalidValue for text that UTF-16 cannot hold (half a surrogate pair)."""
        fields = "".join(f"{escape(key)}={escape(value)}|" for key, value in self.params.items())
        try:
            return f"{escape(self.name)}|{fields}\r\n{self.body}".encode("utf-16-le")
        except UnicodeEncodeError as error:
            raise InvalidValue(f"{self.name}: a value holds half a character") from error

    @classmethod
    def decode(cls, data: bytes) -> "Message":
        """Ends the parameters at CR LF or at the end of the data; raises ProtocolError for what is not UTF-16LE."""
        try:
            text = data.decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise ProtocolError("a message is not UTF-16LE") from error
        end = _find(text[:_LONGEST_HEAD], "\n", 0)
        if end < 0 and len(text) > _LONGEST_HEAD:
            raise ProtocolError("the parameters of a message are longer than a frame")
        head, body = (text, "") if end < 0 else (text[:end], text[end + 1 :])
        name, *fields = _split(head.removesuffix("\r"), "|")
        params = {}
        for entry in fields:
            key, separator, value = _partition(entry)
            if separator:
                params[unescape(key).upper()] = unescape(value)
        return cls(unescape(name), params, body)


def _find(text: str, char: str, start: int) -> int:
    """Index of the first unescaped `char` (after an even number of backslashes), or -1."""
    at = text.find(char, start)
    while at >= 0:
        before = at
        while before > start and text[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            break
        at = text.find(char, at + 1)
    return at


def _split(text: str, separator: str) -> list[str]:
    found, start = [], 0
    while (at := _find(text, separator, start)) >= 0:
        found.append(text[start:at])
        start = at + 1
    return [*found, text[start:]]


def _partition(entry: str) -> tuple[str, str, str]:
    at = _find(entry, "=", 0)
    return (entry, "", "") if at < 0 else (entry[:at], "=", entry[at + 1 :])
