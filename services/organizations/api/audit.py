"""Routes of the audit trail, also as CSV and as lines of JSON, and of the organization's events."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from kit.errors import NotFound
from kit.http.fields import Instant, Raw
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from organizations.api.parts import place
from organizations.application import Organizations
from organizations.feed import Feed
from organizations.summaries import summary_of
from organizations.views.audit import Shown, Wanted
from organizations.views.organizations import Place

_BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class AuditEntry(BaseModel):
    """One change. `actor` is a user's or client's id, null for what happened by itself."""

    id: UUID
    time: AwareDatetime
    actor: str | None
    type: str
    target: UUID
    summary: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None

    @classmethod
    def of(cls, shown: Shown) -> "AuditEntry":
        entry = shown.entry
        return cls(
            id=entry.id,
            time=entry.time,
            actor=entry.actor,
            type=entry.type,
            target=entry.target,
            summary=summary_of(shown),
            before=entry.before,
            after=entry.after,
            request_id=entry.request_id,
        )


class EventsPage(Page[dict[str, Any]]):
    """`position` is the last item's place, the `after` to go on with; so is `next_cursor`, where there is more
    already. It is none of the items' attributes: each `sequence` counts in its own `source`."""

    position: int


def _wanted(
    after: Annotated[Instant | None, Query(description="later than this time")] = None,
    before: Annotated[Instant | None, Query(description="earlier than this time")] = None,
    actor: Annotated[Raw | None, Query(description="id of a user or client")] = None,
    type: Annotated[Raw | None, Query(description="such as OrgRenamed")] = None,
) -> Wanted:
    return Wanted(after, before, actor, type)


def routes(store: Organizations, guard: Guard) -> APIRouter:
    """Reading takes audit:read, for clients as for members; the events take the scope events:read."""
    router = APIRouter(prefix="/api/v1/organizations/{org}", tags=["audit"])
    Auditor = Annotated[OrgPrincipal, Depends(guard.require("audit:read"))]
    Listener = Annotated[OrgPrincipal, Depends(guard.require("events:read"))]
    feed = Feed(store)

    @router.get(
        "/audit",
        operation_id="list_audit",
        response_model=Page[AuditEntry],
        responses={
            200: {"content": {media: {} for media in _EXPORTS}},
            **refusals(NotFound, MissingPermission),
        },
    )
    def list_audit(
        acting: Auditor,
        paging: Paged,
        wanted: Annotated[Wanted, Depends(_wanted)],
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    ) -> Response | Page[AuditEntry]:
        """Newest first. As `text/csv` or `application/x-ndjson`, by Accept, all of it at once. Who is limited to some
        platforms is shown nothing of others."""
        org = acting.organization_id
        if store.views.organizations.find(org) is None:
            raise NotFound
        wanted = replace(wanted, platforms=acting.grant.limits.platforms)
        media = _export_of(accept)
        if media is not None:
            return _exported(store, org, wanted, media)
        rows = store.views.audit.read(org, wanted, place(paging), paging.limit)
        return paging.page(rows, AuditEntry.of, lambda row: [*map(str, _place_of(row))])

    @router.get("/events", operation_id="list_events", responses=refusals(NotFound, MissingPermission))
    def list_events(
        acting: Listener,
        after: Annotated[int, Query(ge=0, lt=2**63, description="the `position` of the last answer")] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> EventsPage:
        """The organization's events of all services, as on the bus and in one order that never changes. Ask again
        with the answer's `position` as `after`, and no event is missed or given twice. Who is limited to some platforms
        is told nothing of others, and limits in the events name none but those."""
        told = feed.after(acting.organization_id, after, limit, acting.grant.limits.platforms)
        shown = told[:limit]
        reached = shown[-1].position if shown else after
        more = str(reached) if len(told) > limit else None
        return EventsPage(items=[one.envelope for one in shown], next_cursor=more, position=reached)

    return router


def _export_of(accept: str) -> str | None:
    """The first export that an Accept header names; None for JSON."""
    named = (part.split(";")[0].strip().lower() for part in accept.split(","))
    return next((media for media in named if media in _EXPORTS), None)


def _exported(store: Organizations, org: UUID, wanted: Wanted, media: str) -> StreamingResponse:
    batches = _batches(store, org, wanted)
    first = next(batches, [])  # while a failure can still be told by the status

    def rows() -> Iterator[AuditEntry]:
        yield from first
        for batch in batches:
            yield from batch

    extension = "csv" if media == "text/csv" else "ndjson"
    headers = {"Content-Disposition": f'attachment; filename="audit-{org}.{extension}"'}
    return StreamingResponse(_EXPORTS[media](rows()), media_type=media, headers=headers)


def _batches(store: Organizations, org: UUID, wanted: Wanted) -> Iterator[list[AuditEntry]]:
    """All entries, in queries of their own, so that no transaction waits for a slow reader."""
    last: Place = None
    while True:
        rows = store.views.audit.read(org, wanted, last, _BATCH)
        yield [AuditEntry.of(row) for row in rows[:_BATCH]]
        if len(rows) <= _BATCH:
            return
        last = _place_of(rows[_BATCH - 1])


def _place_of(row: Shown) -> tuple[Any, UUID]:
    return row.entry.time, row.entry.id


def _csv(entries: Iterator[AuditEntry]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(AuditEntry.model_fields)
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
    """A cell that no spreadsheet takes for a formula, though people choose what stands in it."""
    if value is None:
        return ""
    cell = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell


def _lines(entries: Iterator[AuditEntry]) -> Iterator[str]:
    for entry in entries:
        yield entry.model_dump_json() + "\n"


_EXPORTS: dict[str, Callable[[Iterator[AuditEntry]], Iterator[str]]] = {
    "text/csv": _csv,
    "application/x-ndjson": _lines,
}
