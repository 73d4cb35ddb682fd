"""Route of the feed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from access.checks import MissingPermission, OrgPrincipal
from access.guard import Guard
from kit.errors import NotFound
from kit.http.openapi import refusals
from kit.http.pagination import Page
from organizations.feed.service import Feed


class EventsPage(Page[dict[str, Any]]):
    """`position` is the last item's place, the `after` to go on with; so is `next_cursor`, where there is more
    already. It is none of the items' attributes: each `sequence` counts in its own `source`."""

    position: int


def routes(feed: Feed, guard: Guard) -> APIRouter:
    """Reading requires the scope events:read."""
    router = APIRouter(prefix="/api/v1/organizations/{org}", tags=["audit"])
    Listener = Annotated[OrgPrincipal, Depends(guard.require("events:read"))]

    @router.get("/events", operation_id="list_events", responses=refusals(NotFound, MissingPermission))
    def list_events(
        acting: Listener,
        after: Annotated[int, Query(ge=0, lt=2**63, description="the `position` of the last answer")] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> EventsPage:
        """The organization's events of all services, as on the bus and in one order that never changes. Ask again
        with the answer's `position` as `after`, and no event is missed or given twice. Who is limited to some platforms
        is told nothing of others, and limits in the events name none but those."""
        found = feed.after(acting.organization_id, after, limit, acting.grant.limits.platforms)
        shown = found[:limit]
        reached = shown[-1].position if shown else after
        more = str(reached) if len(found) > limit else None
        return EventsPage(items=[one.envelope for one in shown], next_cursor=more, position=reached)

    return router
