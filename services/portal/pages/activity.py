"""The organization's audit trail: who changed what, from what to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from portal.api import ApiProblem, Json
from portal.rendering import Renderer
from portal.visits import Visit, Visits

PAGE = "/portal/organizations/{org}/activity"
_EXPORTS = {"csv": "text/csv", "json": "application/x-ndjson"}


@dataclass(frozen=True)
class Filters:
    """What of the trail is shown; days are whole ones in UTC."""

    actor: str
    kind: str
    since: str
    until: str

    def params(self) -> dict[str, str | None]:
        """As the interface takes them."""
        first, last = _day(self.since), _day(self.until)
        return {
            "actor": self.actor or None,
            "type": self.kind or None,
            "after": f"{first - timedelta(days=1)}T23:59:59.999999Z" if first else None,
            "before": f"{last + timedelta(days=1)}T00:00:00Z" if last else None,
        }

    def query(self) -> str:
        """For addresses of this page, to be followed by another parameter."""
        given = urlencode({name: value for name, value in vars(self).items() if value})
        return given + "&" if given else ""


@dataclass(frozen=True)
class Change:
    """One value that is not what it was."""

    field: str
    before: str
    after: str


def _filters(actor: str = "", kind: str = "", since: str = "", until: str = "") -> Filters:
    return Filters(actor, kind, since, until)


def routes(show: Renderer, visits: Visits) -> APIRouter:
    router = show.router()
    Member = Annotated[Visit, Depends(visits.member)]
    Wanted = Annotated[Filters, Depends(_filters)]
    kinds = sorted((show.texts(name), name.removeprefix("kinds.")) for name in show.texts if name.startswith("kinds."))

    @router.get(PAGE)
    def activity(visit: Member, filters: Wanted, cursor: str = "") -> Response:
        return show.page(
            visit,
            "activity.html",
            section="activity",
            shown=visit.api.page(f"{visit.here}/audit", cursor=cursor, **filters.params()),
            filters=filters,
            kinds=kinds,
            actors=_actors(visit),
            changes_of=changes_of,
        )

    @router.get(PAGE + "/export")
    def export(visit: Member, filters: Wanted, format: str = "csv") -> Response:
        media = _EXPORTS.get(format, _EXPORTS["csv"])
        params = {name: value for name, value in filters.params().items() if value}
        answer = visit.api.open("GET", f"{visit.here}/audit", media, params=params)
        headers = {"Content-Disposition": answer.headers["content-disposition"]}
        closing = BackgroundTask(answer.close)
        return StreamingResponse(answer.iter_bytes(), media_type=media, headers=headers, background=closing)

    return router


def changes_of(entry: Json) -> list[Change]:
    """The values that differ between before and after."""
    before, after = _flat(entry["before"]), _flat(entry["after"])
    names = dict.fromkeys([*before, *after])
    differing = [name for name in names if before.get(name) != after.get(name)]
    return [Change(name, _text(before.get(name)), _text(after.get(name))) for name in differing]


def _actors(visit: Visit) -> dict[str, str]:
    """Names of those who are here now, by the id that the trail has of them."""
    names: dict[str, str] = {}
    for path, key in (("members", "user_id"), ("clients", "client_id")):
        try:
            found = visit.api.choices(f"{visit.here}/{path}")
        except ApiProblem:  # whoever may read the trail need not see everybody
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
