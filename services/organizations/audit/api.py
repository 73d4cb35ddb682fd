"""Route of the audit trail."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Permission
from kit.errors import NotFound
from kit.http.fields import Instant, Raw
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged, TimeAndId
from organizations.audit.export import EXPORTS, media_of
from organizations.audit.summaries import summary_of
from organizations.audit.views import AuditFilter, AuditTrail, ShownEntry
from organizations.organizations.service import Organizations

_BATCH = 500
_ORGANIZATION = "5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"


class AuditEntry(BaseModel):
    """A change in an organization."""

    id: UUID = Field(description="Id of the entry.", examples=["0f9e8d7c-6b5a-5f4e-9d3c-2b1a0f9e8da9"])
    time: AwareDatetime = Field(description="Time of the change (RFC 3339, UTC).", examples=["2026-03-16T14:05:00Z"])
    actor: str | None = Field(
        description="Id of the user or client that made the change; null if the system made it.",
        examples=["8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21"],
    )
    type: str = Field(description="Name of the event.", examples=["OrgRenamed"])
    target: UUID = Field(
        description="Id of the changed organization, user, invitation, client or platform.", examples=[_ORGANIZATION]
    )
    summary: str = Field(
        description="The change in one English sentence, without the actor.",
        examples=['Renamed the organization from "North Sea Brokers" to "North Sea Markets"'],
    )
    before: dict[str, Any] | None = Field(
        description="Values before the change; null if there were none.", examples=[{"name": "North Sea Brokers"}]
    )
    after: dict[str, Any] | None = Field(
        description="Values after the change; null if there are none.", examples=[{"name": "North Sea Markets"}]
    )
    request_id: str | None = Field(
        description="`X-Request-Id` of the request that made the change; null if no request did.",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    )

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
    after: Annotated[Instant | None, Query(description="Return changes after this time (RFC 3339).")] = None,
    before: Annotated[Instant | None, Query(description="Return changes before this time (RFC 3339).")] = None,
    actor: Annotated[Raw | None, Query(description="Return changes by the user or client with this id.")] = None,
    type: Annotated[Raw | None, Query(description="Return changes of this type.", examples=["OrgRenamed"])] = None,
) -> AuditFilter:
    return AuditFilter(after, before, actor, type)


def routes(audit: AuditTrail, organizations: Organizations, guard: Guard) -> APIRouter:
    """Reading requires audit:read, for clients as for members."""
    router = APIRouter(prefix="/api/v1/organizations/{org}", tags=["audit"])
    Auditor = Annotated[OrgPrincipal, Depends(guard.require(Permission.AUDIT_READ))]

    @router.get(
        "/audit",
        operation_id="list_audit",
        summary="List the audit trail of an organization",
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
        """Returns the changes in the organization, newest first. With `Accept: text/csv` or `application/x-ndjson`,
        returns all of them in one answer. Callers with limits do not see changes of other platforms. Requires
        audit:read."""
        org = acting.organization_id
        if organizations.views.find(org) is None:
            raise NotFound
        after = paging.after_key(datetime, UUID)
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
    last: TimeAndId | None = None
    while True:
        rows = audit.read(org, wanted, last, _BATCH)
        yield [AuditEntry.of(row) for row in rows[:_BATCH]]
        if len(rows) <= _BATCH:
            return
        last = _place_of(rows[_BATCH - 1])


def _place_of(row: ShownEntry) -> TimeAndId:
    return row.entry.time, row.entry.id
