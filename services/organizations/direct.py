"""Shared by the direct endpoints of several slices: ids in paths, grants as stored, and pages of rows."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from starlette.responses import Response

from contracts.permissions import Grant
from kit.http.pagination import Paging
from organizations.grants import granted

FIRST_PAGE = Paging()
Row = Sequence[Any]


def uuid_of(text: str) -> UUID | None:
    """None for what is no UUID, which the route refuses."""
    try:
        return UUID(text)
    except ValueError:
        return None


def page(rows: Sequence[Row], show: Callable[[Row], dict[str, Any]], key: Callable[[Row], Row]) -> Response | None:
    """The first page, as `kit.http.pagination.Page` of the route's model; None without rows."""
    if not rows:
        return None
    return Response(to_json(dict(FIRST_PAGE.page(rows, show, key))), media_type="application/json")


@lru_cache(4096)  # members share few different grants
def granted_as_stored(stored: str) -> dict[str, Any]:
    """The fields of an answer, as `grants.granted` gives them, from the text of a stored grant."""
    shown = granted(Grant.model_validate_json(stored))
    return {**shown, "limits": shown["limits"].model_dump(mode="json")}
