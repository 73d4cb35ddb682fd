"""What a mail is about: the ids and the facts of one event, kept until the mail has ended."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

LONGEST = timedelta(hours=24)
"""How long after its event a mail is still worth sending."""


class Occasion(BaseModel):
    """People stand here by their ids; personal is only the `network_address` of a sign-in.

    `user_id` is the recipient (none for an invitation, whose link names the address), `other_id` whom the
    mail speaks of, `client` a client's UUID and `client_id` its `thc_…`; `generation` and `expires_at`
    belong to the secret that is claimed at sending time; `device` is what signed in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    user_id: UUID | None = None
    other_id: UUID | None = None
    invitation_id: UUID | None = None
    organization_id: UUID | None = None
    organization_name: str | None = None
    generation: int | None = None
    expires_at: datetime | None = None
    client: UUID | None = None
    client_id: str | None = None
    client_name: str | None = None
    secret_name: str | None = None
    secret_expires_at: datetime | None = None
    device: str | None = None
    network_address: str | None = None

    @property
    def over_at(self) -> datetime:
        """From here on the mail is not sent any more."""
        latest = self.at + LONGEST
        return min(latest, self.expires_at) if self.expires_at else latest
