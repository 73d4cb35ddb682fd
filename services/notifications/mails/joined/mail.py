"""To a new member: they are now a member of an organization."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.organizations import MemberJoined
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class Joined(MailContext):
    user_id: UUID
    organization_id: UUID

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            organization=await composer.organization_name(self.organization_id),
            sign_in_url=composer.link("/login"),
        )


def context_of(envelope: Envelope[MemberJoined]) -> Joined:
    event = envelope.data
    return Joined(at=envelope.time, user_id=event.user_id, organization_id=event.organization_id)


MAIL = Mail("joined", Joined)
MAIL.on(MemberJoined, context_of)
