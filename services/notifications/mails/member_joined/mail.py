"""To the member who sent an invitation: it was accepted."""

from uuid import UUID

from pydantic import Field

from contracts.envelope import Envelope
from contracts.organizations import MemberJoined
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class InvitationAccepted(MailContext):
    """`user_id` is the member who sent the invitation, `member_id` the new member."""

    user_id: UUID
    member_id: UUID = Field(alias="other_id")
    organization_id: UUID

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            organization=await composer.organization_name(self.organization_id),
            member=await composer.user_name(self.member_id),
        )


def context_of(envelope: Envelope[MemberJoined]) -> InvitationAccepted | None:
    event = envelope.data
    if event.invited_by is None:
        return None
    return InvitationAccepted(
        at=envelope.time, user_id=event.invited_by, member_id=event.user_id, organization_id=event.organization_id
    )


MAIL = Mail("member-joined", InvitationAccepted)
MAIL.on(MemberJoined, context_of)
