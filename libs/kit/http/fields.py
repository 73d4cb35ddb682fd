"""Text fields of requests: normalized, without control characters and line breaks."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")


def clean_line(value: str) -> str:
    """Trimmed, NFC; raises ValueError for control characters, line breaks and direction overrides."""
    value = unicodedata.normalize("NFC", value.strip())
    if any(unicodedata.category(c) in _INVISIBLE or c in _DIRECTION for c in value):
        raise ValueError("must not hold control characters, line breaks or text-direction marks")
    return value


def _no_surrogates(value: object) -> object:
    if isinstance(value, str) and any("\ud800" <= c <= "\udfff" or c == "\0" for c in value):
        raise ValueError("must be valid Unicode text without NUL")
    return value


Name = Annotated[
    str,
    BeforeValidator(_no_surrogates),
    AfterValidator(clean_line),
    Field(min_length=1, max_length=400, json_schema_extra={"maxLength": 100}),
    AfterValidator(lambda v: _length(v, 1, 100)),
]
"""A name of 1 to 100 characters on one line."""

Raw = Annotated[str, BeforeValidator(_no_surrogates), Field(max_length=4096)]
"""Any text that a database can store: passwords, tokens and addresses that are validated elsewhere."""

Email = Annotated[Raw, Field(json_schema_extra={"format": "email", "maxLength": 254})]
"""An e-mail address, validated elsewhere."""


def _rfc_3339(value: object) -> object:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2026-03-02T09:30:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_rfc_3339)]
"""A time in RFC 3339 form. Numbers, which pydantic would read as seconds, are refused."""


class Body(BaseModel):
    """Base of every request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _length(value: str, least: int, most: int) -> str:
    if not least <= len(value) <= most:
        raise ValueError(f"must have {least} to {most} characters")
    return value
