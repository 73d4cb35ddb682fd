"""To the user who created an API client: the client exists."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import ClientCreated as ClientCreatedEvent
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.names import display_name
from notifications.mails.rendering import RenderedMail


class ClientCreated(MailContext):
    """`client` is the client's UUID, `client_id` the `thc_…` of its tokens."""

    user_id: UUID
    organization_id: UUID
    client: UUID
    client_id: str
    client_name: str

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            organization=await composer.organization_name(self.organization_id),
            client_name=display_name(self.client_name),
            client_id=self.client_id,
            created_at=self.at,
        )


def context_of(envelope: Envelope[ClientCreatedEvent]) -> ClientCreated:
    event = envelope.data
    return ClientCreated(
        at=envelope.time,
        user_id=event.created_by,
        organization_id=event.organization_id,
        client=event.client,
        client_id=event.client_id,
        client_name=event.name,
    )


MAIL = Mail("client-created", ClientCreated)
MAIL.on(ClientCreatedEvent, context_of)
