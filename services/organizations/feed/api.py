"""Route of the feed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from contracts.permissions import Scope
from kit.errors import NotFound
from kit.http.openapi import refusals
from kit.http.pagination import Page
from organizations.feed.service import Feed

_ORGANIZATION = "5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"
_EVENT = {
    "id": "organizations-1-7",
    "source": "/organizations/1",
    "specversion": "1.0",
    "type": "tradehall.organizations.OrgRenamed.v1",
    "subject": _ORGANIZATION,
    "time": "2026-03-16T14:05:00Z",
    "datacontenttype": "application/json",
    "dataschema": "urn:tradehall:schema:tradehall.organizations.OrgRenamed.v1",
    "sequence": 7,
    "version": 2,
    "organization": _ORGANIZATION,
    "actor": "8c1f2b7e-52a4-4f0e-8a3c-6b1d9e0f4a21",
    "correlationid": "4bf92f3577b34da6a3ce929d0e0e4736",
    "data": {"organization_id": _ORGANIZATION, "from": "North Sea Brokers", "to": "North Sea Markets"},
}


class EventsPage(Page[dict[str, Any]]):
    """Events of an organization."""

    items: list[dict[str, Any]] = Field(
        description="Events as on the bus (CloudEvents 1.0), see the AsyncAPI document. Each `sequence` counts within "
        "its own `source`.",
        examples=[[_EVENT]],
    )
    next_cursor: str | None = Field(
        default=None, description="`position` as text if more events are available; otherwise null.", examples=[None]
    )
    position: int = Field(
        description="Position of the last item. Send it as `after` to get the events that follow.", examples=[7]
    )


def routes(feed: Feed, guard: Guard) -> APIRouter:
    """Reading requires the scope events:read."""
    router = APIRouter(prefix="/api/v1/organizations/{org}", tags=["audit"])
    Listener = Annotated[OrgPrincipal, Depends(guard.require(Scope.EVENTS_READ))]

    @router.get(
        "/events",
        operation_id="list_events",
        summary="List the events of an organization",
        responses=refusals(NotFound, MissingPermission),
    )
    def list_events(
        acting: Listener,
        after: Annotated[
            int, Query(ge=0, le=2**63 - 1, description="The `position` of the last answer.", examples=[0])
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=200, description="Maximum number of events.")] = 50,
    ) -> EventsPage:
        """Returns the events of all services, as on the bus, in one order that never changes. Ask again with the
        answer's `position` as `after`: no event is missed or returned twice. Callers with limits do not see events of
        other platforms. Requires the scope events:read."""
        found = feed.after(acting.organization_id, after, limit, acting.grant.limits.platforms)
        shown = found[:limit]
        reached = shown[-1].position if shown else after
        more = str(reached) if len(found) > limit else None
        return EventsPage(items=[one.envelope for one in shown], next_cursor=more, position=reached)

    return router
