"""The context of a mail: data of its event, stored as JSON with the delivery until the mail is sent or given up."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from notifications.mails.composer import Composer
from notifications.mails.rendering import RenderedMail

MAX_AGE = timedelta(hours=24)
"""How long after its event a mail is still worth sending."""


class MailContext(BaseModel, ABC):
    """Base of the contexts. Each mail narrows the fields that it needs and adds its own.

    Stored contexts of released versions must load, and a release that runs beside this one must load ours: never
    rename a stored field (use an alias) and add fields as optional. Users are named by id; addresses and names are
    looked up when the mail is sent.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )

    at: datetime
    """When the event happened."""
    user_id: UUID | None = None
    """The recipient; None where the address is claimed with the secret."""
    organization_id: UUID | None = None
    invitation_id: UUID | None = None
    client: UUID | None = None
    """The UUID of an API client."""
    expires_at: datetime | None = None
    """When the secret in the mail expires."""

    @property
    def send_before(self) -> datetime:
        """From then on the mail is not sent any more."""
        latest = self.at + MAX_AGE
        return min(latest, self.expires_at) if self.expires_at else latest

    @abstractmethod
    async def compose(self, composer: Composer) -> RenderedMail:
        """Look up what the mail shows, and render it.

        Raises RetryLater, Undeliverable, SecretUnavailable, and psycopg.OperationalError.
        """
