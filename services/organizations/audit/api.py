"""Route of the audit trail."""

from collections.abc import Iterator
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
from organizations.audit.export import EXPORTS, media_of
from organizations.audit.summaries import summary_of
from organizations.audit.views import AuditFilter, AuditTrail, ShownEntry
from organizations.organizations.service import Organizations
from organizations.paging import Place, place

_BATCH = 500


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
    def of(cls, shown: ShownEntry) -> "AuditEntry":
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


def _filter(
    after: Annotated[Instant | None, Query(description="later than this time")] = None,
    before: Annotated[Instant | None, Query(description="earlier than this time")] = None,
    actor: Annotated[Raw | None, Query(description="id of a user or client")] = None,
    type: Annotated[Raw | None, Query(description="such as OrgRenamed")] = None,
) -> AuditFilter:
    return AuditFilter(after, before, actor, type)


def routes(audit: AuditTrail, organizations: Organizations, guard: Guard) -> APIRouter:
    """Reading requires audit:read, for clients as for members."""
    router = APIRouter(prefix="/api/v1/organizations/{org}", tags=["audit"])
    Auditor = Annotated[OrgPrincipal, Depends(guard.require("audit:read"))]

    @router.get(
        "/audit",
        operation_id="list_audit",
        response_model=Page[AuditEntry],
        responses={
            200: {"content": {media: {} for media in EXPORTS}},
            **refusals(NotFound, MissingPermission),
        },
    )
    def list_audit(
        acting: Auditor,
        paging: Paged,
        wanted: Annotated[AuditFilter, Depends(_filter)],
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    ) -> Response | Page[AuditEntry]:
        """Newest first. As `text/csv` or `application/x-ndjson`, by Accept, all of it at once. Who is limited to some
        platforms is shown nothing of others."""
        org = acting.organization_id
        if organizations.views.find(org) is None:
            raise NotFound
        after = place(paging)
        wanted = replace(wanted, platforms=acting.grant.limits.platforms)
        media = media_of(accept)
        if media is not None:
            return _exported(audit, org, wanted, media)
        rows = audit.read(org, wanted, after, paging.limit)
        return paging.page(rows, AuditEntry.of, lambda row: [*map(str, _place_of(row))])

    return router


def _exported(audit: AuditTrail, org: UUID, wanted: AuditFilter, media: str) -> StreamingResponse:
    batches = _batches(audit, org, wanted)
    first = next(batches, [])  # while the status can still say that it failed

    def rows() -> Iterator[AuditEntry]:
        yield from first
        for batch in batches:
            yield from batch

    extension = "csv" if media == "text/csv" else "ndjson"
    headers = {"Content-Disposition": f'attachment; filename="audit-{org}.{extension}"'}
    return StreamingResponse(EXPORTS[media](AuditEntry.model_fields, rows()), media_type=media, headers=headers)


def _batches(audit: AuditTrail, org: UUID, wanted: AuditFilter) -> Iterator[list[AuditEntry]]:
    """All entries, each batch in a query of its own, so that no transaction waits for a slow reader."""
    last: Place = None
    while True:
        rows = audit.read(org, wanted, last, _BATCH)
        yield [AuditEntry.of(row) for row in rows[:_BATCH]]
        if len(rows) <= _BATCH:
            return
        last = _place_of(rows[_BATCH - 1])


def _place_of(row: ShownEntry) -> tuple[Any, UUID]:
    return row.entry.time, row.entry.id
