"""Routes for operators: mails with their state. Neither content nor address of a mail is shown."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from kit.errors import Refusal
from kit.http.openapi import refusals
from kit.http.pagination import Page, Paged
from notifications.deliveries.views import NotificationRow, NotificationViews

State = Literal["requested", "sent", "failed"]


class Mail(BaseModel):
    """A mail that was requested because of an event."""

    id: UUID = Field(
        description="The notification's id, also in the mail's Message-ID header.",
        examples=["3f69b47c-689c-50b9-bbe4-1ecdfa88ec67"],
    )
    template: str = Field(description="The kind of mail, a kebab-case code.", examples=["password-changed"])
    cause: str = Field(description="The id of the event that the mail is about.", examples=["identity-c373df32-17"])
    user_id: UUID | None = Field(
        description="The recipient; null where the address is claimed from another service, as for an invitation.",
        examples=["2253ed37-55fd-4cfd-bdc2-e3ce33cac045"],
    )
    invitation_id: UUID | None = Field(
        description="The invitation in the mail, if any.", examples=["28232560-e68b-4737-ab0e-c401c8a6a6d6"]
    )
    organization_id: UUID | None = Field(
        description="The organization that the mail is about, if any.",
        examples=["0b6d3167-4a56-5513-bbdb-a040da2d277a"],
    )
    state: State = Field(
        description="`requested`: not sent yet; `sent`: accepted by the mail server; `failed`: given up.",
        examples=["failed"],
    )
    attempts: int = Field(description="The number of attempts to send it.", examples=[3])
    reason: str | None = Field(
        description="The code of the last failed attempt, kebab-case; null where none failed.", examples=["smtp-550"]
    )
    outcome_unknown: bool = Field(
        description="Whether an attempt was interrupted when the mail may have been sent, so that it may arrive twice.",
        examples=[False],
    )
    requested_at: datetime = Field(description="When it was requested, UTC.", examples=["2026-11-28T19:40:41.666001Z"])
    ended_at: datetime | None = Field(
        description="When it was sent or given up, UTC; null until then.", examples=["2026-11-28T19:40:41.935993Z"]
    )
    due_at: datetime | None = Field(
        description="When the next attempt is due, UTC; null once it was sent or given up.", examples=[None]
    )


def routes(views: NotificationViews, operator: Callable[..., Any], *needed: type[Refusal]) -> APIRouter:
    """The routes. `operator` is a dependency that refuses all other users with one of `needed`."""
    router = APIRouter(
        prefix="/api/v1/operations/notifications/mails", tags=["operations"], dependencies=[Depends(operator)]
    )

    @router.get(
        "",
        operation_id="list_mails",
        summary="List mails",
        response_description="The mails",
        responses=refusals(*needed),
    )
    def list_mails(
        paging: Paged,
        state: Annotated[State | None, Query(description="Return mails in this state.", examples=["failed"])] = None,
    ) -> Page[Mail]:
        """List all mails of the installation, the newest first, without their contents and addresses."""
        rows = views.latest(paging.limit + 1, state, paging.after_key(datetime, UUID))
        return paging.page(rows, _shown, lambda row: [row.requested_at.isoformat(), str(row.id)])

    return router


def _shown(row: NotificationRow) -> Mail:
    return Mail.model_validate(row, from_attributes=True)
