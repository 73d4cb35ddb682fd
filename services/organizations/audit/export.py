"""Exports of the audit trail as CSV and as lines of JSON."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def media_of(accept: str) -> str | None:
    """The first export that an Accept header names; None for JSON."""
    named = (part.split(";")[0].strip().lower() for part in accept.split(","))
    return next((media for media in named if media in EXPORTS), None)


def _csv(fields: Iterable[str], entries: Iterator[BaseModel]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(fields)
    for entry in entries:
        values = entry.model_dump(mode="json")
        writer.writerow([_cell(value) for value in values.values()])
        yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    taken = text.getvalue()
    text.seek(0)
    text.truncate()
    return taken


def _cell(value: Any) -> str:
    """A cell that no spreadsheet runs as a formula: names of organizations and clients are chosen by users."""
    if value is None:
        return ""
    cell = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell


def _lines(_: Iterable[str], entries: Iterator[BaseModel]) -> Iterator[str]:
    for entry in entries:
        yield entry.model_dump_json() + "\n"


EXPORTS: dict[str, Callable[[Iterable[str], Iterator[BaseModel]], Iterator[str]]] = {
    "text/csv": _csv,
    "application/x-ndjson": _lines,
}
"""By media type: from the names of the fields and the entries to text."""
