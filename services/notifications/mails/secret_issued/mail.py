"""To the user who issued a secret of an API client: the client has one more secret."""

from datetime import datetime
from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import ClientSecretIssued
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.names import display_name
from notifications.mails.rendering import RenderedMail

_FIRST_SECRET = 2
"""Version of the client's event about the secret that it is created with: mail `client-created` covers that one."""


class SecretIssued(MailContext):
    """`client` is the client's UUID, `client_id` the `thc_…` of its tokens.

    `secret_expires_at` is None where the secret works until it is revoked.
    """

    user_id: UUID
    organization_id: UUID
    client: UUID
    client_id: str
    client_name: str
    secret_name: str
    secret_expires_at: datetime | None = None

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            organization=await composer.organization_name(self.organization_id),
            client_name=display_name(self.client_name),
            client_id=self.client_id,
            secret_name=display_name(self.secret_name),
            issued_at=self.at,
            expires_at=self.secret_expires_at,
        )


def context_of(envelope: Envelope[ClientSecretIssued]) -> SecretIssued | None:
    event = envelope.data
    if envelope.version == _FIRST_SECRET:
        return None
    return SecretIssued(
        at=envelope.time,
        user_id=event.issued_by,
        organization_id=event.organization_id,
        client=event.client,
        client_id=event.client_id,
        client_name=event.client_name,
        secret_name=event.name,
        secret_expires_at=event.expires_at,
    )


MAIL = Mail("secret-issued", SecretIssued)
MAIL.on(ClientSecretIssued, context_of)
