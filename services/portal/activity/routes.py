"""The audit trail of an organization: filter it, show each change before and after, export it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from contracts.permissions import Permission
from portal.layout.api import ApiProblem, Json
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Renderer
from portal.layout.sections import Section

PAGE = "/portal/organizations/{org}/activity"
SECTION = Section("activity", Permission.AUDIT_READ)
_EXPORTS = {"csv": "text/csv", "json": "application/x-ndjson"}


@dataclass(frozen=True)
class Filters:
    """The filters of the page; `since` and `until` are dates in UTC, inclusive."""

    actor: str
    kind: str
    since: str
    until: str

    def params(self) -> dict[str, str | None]:
        """The filters as query parameters of the API."""
        first, last = _day(self.since), _day(self.until)
        return {
            "actor": self.actor or None,
            "type": self.kind or None,
            "after": f"{first - timedelta(days=1)}T23:59:59.999999Z" if first else None,
            "before": f"{last + timedelta(days=1)}T00:00:00Z" if last else None,
        }

    def query(self) -> str:
        """The filters as a query string of this page, ending in `&` where there are any."""
        given = urlencode({name: value for name, value in vars(self).items() if value})
        return given + "&" if given else ""


@dataclass(frozen=True)
class Change:
    """One value that a change replaced."""

    field: str
    before: str
    after: str


def _filters(actor: str = "", kind: str = "", since: str = "", until: str = "") -> Filters:
    return Filters(actor, kind, since, until)


def routes(show: Renderer, requests: PageRequests) -> APIRouter:
    router = show.router()
    Member = Annotated[PageRequest, Depends(requests.member)]
    Filtered = Annotated[Filters, Depends(_filters)]
    kinds = sorted((show.texts(name), name.removeprefix("kinds.")) for name in show.texts if name.startswith("kinds."))

    @router.get(PAGE)
    def activity(request: Member, filters: Filtered, cursor: str = "") -> Response:
        return show.page(
            request,
            "activity/activity.html",
            section="activity",
            shown=request.api.page(f"{request.api_path}/audit", cursor=cursor, **filters.params()),
            filters=filters,
            kinds=kinds,
            actors=_actors(request),
            changes_of=changes_of,
        )

    @router.get(PAGE + "/export")
    def export(request: Member, filters: Filtered, format: str = "csv") -> Response:
        media = _EXPORTS.get(format, _EXPORTS["csv"])
        params = {name: value for name, value in filters.params().items() if value}
        answer = request.api.open("GET", f"{request.api_path}/audit", media, params=params)
        headers = {"Content-Disposition": answer.headers["content-disposition"]}
        closing = BackgroundTask(answer.close)
        return StreamingResponse(answer.iter_bytes(), media_type=media, headers=headers, background=closing)

    return router


def changes_of(entry: Json) -> list[Change]:
    """The values that differ between `before` and `after` of an entry."""
    before, after = _flat(entry["before"]), _flat(entry["after"])
    names = dict.fromkeys([*before, *after])
    differing = [name for name in names if before.get(name) != after.get(name)]
    return [Change(name, _text(before.get(name)), _text(after.get(name))) for name in differing]


def _actors(request: PageRequest) -> dict[str, str]:
    """Names of the present members and clients, by the id that the audit trail has."""
    names: dict[str, str] = {}
    for path, key in (("members", "user_id"), ("clients", "client_id")):
        try:
            found = request.api.choices(f"{request.api_path}/{path}")
        except ApiProblem:  # the permission to read the audit trail does not include the lists
            continue
        names |= {each[key]: each["name"] or each.get("email") or each[key] for each in found}
    return names


def _flat(values: Mapping[str, Any] | None) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in (values or {}).items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
