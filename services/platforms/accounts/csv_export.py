"""Lists as CSV, streamed in pieces."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse

from platforms.accounts.model import ListName, Row

_BATCH = 500  # rows of one piece
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_TEXTS = frozenset({"group", "comment", "name", "email", "phone", "country", "city", "address", "path", "description"})


async def csv_response(found: AsyncGenerator[Row, None], what: ListName, names: list[str]) -> StreamingResponse:
    """All rows with these columns. Raises what `found` raises before its first row."""
    pieces = _pieces(found, names)
    first = await anext(pieces)  # while the status can still report a failure

    async def all_pieces() -> AsyncIterator[str]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{what}.csv"'}
    return StreamingResponse(all_pieces(), media_type="text/csv", headers=headers)


async def _pieces(found: AsyncGenerator[Row, None], names: list[str]) -> AsyncGenerator[str, None]:
    texts = [index for index, name in enumerate(names) if name in _TEXTS]
    width = len(names)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    batch: list[Any] = []
    async with aclosing(found):
        async for row in found:
            batch.append(_guarded(row[:width], texts))
            if len(batch) >= _BATCH:
                writer.writerows(batch)
                batch.clear()
                yield _taken(text)
    writer.writerows(batch)
    yield _taken(text)


def _guarded(row: Row, texts: list[int]) -> Sequence[Any]:
    """Text of users must not be taken for a formula by a spreadsheet."""
    if not any(row[index] and row[index].lstrip(" \n").startswith(_FORMULA) for index in texts):
        return row
    return [f"'{value}" if index in texts and value else value for index, value in enumerate(row)]


def _taken(text: io.StringIO) -> str:
    taken = text.getvalue()
    text.seek(0)
    text.truncate()
    return taken
