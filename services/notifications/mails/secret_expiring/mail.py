"""To the user who issued a secret, or an administrator where they have left: the secret expires soon."""

from datetime import datetime
from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import ClientSecretExpiring
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.names import display_name
from notifications.mails.rendering import RenderedMail


class SecretExpiring(MailContext):
    """`client` is the client's UUID, `client_id` the `thc_…` of its tokens."""

    user_id: UUID
    organization_id: UUID
    client: UUID
    client_id: str
    client_name: str
    secret_name: str
    secret_expires_at: datetime

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            organization=await composer.organization_name(self.organization_id),
            client_name=display_name(self.client_name),
            client_id=self.client_id,
            secret_name=display_name(self.secret_name),
            expires_at=self.secret_expires_at,
        )


def context_of(envelope: Envelope[ClientSecretExpiring]) -> SecretExpiring:
    event = envelope.data
    return SecretExpiring(
        at=envelope.time,
        user_id=event.user_id,
        organization_id=event.organization_id,
        client=event.client,
        client_id=event.client_id,
        client_name=event.client_name,
        secret_name=event.name,
        secret_expires_at=event.expires_at,
    )


MAIL = Mail("secret-expiring", SecretExpiring)
MAIL.on(ClientSecretExpiring, context_of)
