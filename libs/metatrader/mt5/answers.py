"""Answers from either transport: check their return code and parse them into models."""

import json
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from metatrader.codes import refusal
from metatrader.errors import ProtocolError
from metatrader.mt5.text import Message

T = TypeVar("T")

_RETCODE = re.compile(r"(\d{1,9})\b *(.{0,200})", re.DOTALL | re.ASCII)


class Answer:
    """The answer to an executed command: named values and, mostly, a JSON document."""

    def __init__(self, command: str, values: Mapping[str, Any], document: Any) -> None:
        self.command = command
        self._values = values
        self._document = document

    @classmethod
    def of_message(cls, message: Message) -> "Answer":
        """From TCP; raises Refused for a return code other than 0 and 1, ProtocolError unless it is an answer."""
        _check(message.name, message.params.get("RETCODE"))
        return cls(message.name, message.params, parse(message.name, message.body) if message.body else None)

    @classmethod
    def of_envelope(cls, command: str, envelope: Any) -> "Answer":
        """From HTTPS: `{"retcode": "0 Done", "answer": ...}`; values may be beside or inside `answer`."""
        if not isinstance(envelope, dict):
            raise ProtocolError(f"{command}: the answer is no JSON object")
        _check(command, envelope.get("retcode"))
        document = envelope.get("answer")
        inside = document if isinstance(document, dict) else {}
        return cls(command, {str(key).upper(): value for key, value in (envelope | inside).items()}, document)

    def value(self, name: str) -> str:
        found = self._values.get(name)
        if not isinstance(found, str | int):
            raise ProtocolError(f"{self.command}: the answer lacks {name}")
        return str(found)

    def hexadecimal(self, name: str) -> bytes:
        try:
            return bytes.fromhex(self.value(name))
        except ValueError as error:
            raise ProtocolError(f"{self.command}: {name} is not hexadecimal") from error

    def count(self) -> int:
        value = self.value("TOTAL")
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise ProtocolError(f"{self.command}: TOTAL is no number")
        return int(value)

    def rows(self) -> int:
        """The number of rows of a list."""
        if not isinstance(self._document, list):
            raise ProtocolError(f"{self.command}: the answer is no list")
        return len(self._document)

    def read(self, adapter: TypeAdapter[T], zone: tzinfo) -> T:
        """The document as models; raises ProtocolError that names the field but never its value."""
        try:
            return adapter.validate_python(self._document, context={"zone": zone})
        except ValidationError as error:
            first = error.errors(include_input=False, include_context=False, include_url=False)[0]
            where = ".".join(str(step) for step in first["loc"]) or "the document"
            raise ProtocolError(f"{self.command}: {where}: {first['msg']}") from None


def parse(command: str, text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{command}: the answer is not JSON") from error


def _check(command: str, retcode: object) -> None:
    """Raises Refused for codes other than 0 and 1 (nothing to do), ProtocolError where there is none."""
    found = _RETCODE.match(str(retcode))
    if retcode is None or not found:
        raise ProtocolError(f"{command}: the answer has no return code")
    if int(found[1]) > 1:
        raise refusal(int(found[1]), command, " ".join(found[2].split()))
