"""For operators: every mail with what became of it, without what it said or to which address it went."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from kit.errors import Refusal
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from notifications.views import NotificationRow, NotificationViews

State = Literal["requested", "sent", "failed"]


class Mail(BaseModel):
    """`reason` is a code: why it failed, or failed last. `outcome_unknown`: an attempt broke off where the mail may
    be out. `due_at` is when it is tried next."""

    id: UUID
    template: str
    cause: str
    user_id: UUID | None
    invitation_id: UUID | None
    organization_id: UUID | None
    state: State
    attempts: int
    reason: str | None
    outcome_unknown: bool
    requested_at: datetime
    ended_at: datetime | None
    due_at: datetime | None


def routes(views: NotificationViews, operator: Callable[..., Any], *needed: type[Refusal]) -> APIRouter:
    """`operator` is a dependency that refuses everybody else, with one of `needed`."""
    router = APIRouter(
        prefix="/api/v1/operations/notifications/mails", tags=["operations"], dependencies=[Depends(operator)]
    )

    @router.get("", operation_id="list_mails", responses=refusals(*needed))
    def list_mails(paging: Paged, state: Annotated[State | None, Query()] = None) -> Page[Mail]:
        """Every mail, the newest first; `state` is requested (on its way), sent or failed."""
        before = None if paging.after is None else paging.time_and_id()
        rows = views.latest(paging.limit + 1, state, before)
        return paging.page(rows, _shown, lambda row: [row.requested_at.isoformat(), str(row.id)])

    return router


def _shown(row: NotificationRow) -> Mail:
    return Mail.model_validate(row, from_attributes=True)
