"""To a former member: they were removed from an organization."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.organizations import MemberRemoved
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class Removed(MailContext):
    user_id: UUID
    organization_id: UUID

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            organization=await composer.organization_name(self.organization_id),
            removed_at=self.at,
        )


def context_of(envelope: Envelope[MemberRemoved]) -> Removed | None:
    event = envelope.data
    if event.how == "left":  # the member's own action
        return None
    return Removed(at=envelope.time, user_id=event.user_id, organization_id=event.organization_id)


MAIL = Mail("removed", Removed)
MAIL.on(MemberRemoved, context_of)
