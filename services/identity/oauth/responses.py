"""Answers that more than one endpoint gives."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from identity.oauth.errors import NOT_STORED


class Redirect(Response):
    """303, so that the browser never repeats a posted form at the client (RFC 9700 4.12)."""

    def __init__(self, location: str) -> None:
        super().__init__(status_code=303, headers={"Location": location})


def not_stored(body: Mapping[str, Any]) -> JSONResponse:
    """An answer about a token, which no cache may keep (RFC 6749 5.1)."""
    return JSONResponse(body, headers=NOT_STORED)
