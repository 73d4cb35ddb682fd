"""To an invited address: the link of the invitation, with a token and the address claimed from organizations."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from contracts.envelope import Envelope
from contracts.organizations import InvitationResent, MemberInvited
from contracts.rpc import INVITATION_LINK, InvitationLinkRequest
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class Invitation(MailContext):
    """`generation` is the number of the link that is claimed. There is no `user_id`: the address may have no account.

    `organization_name` is the name at the time of the invitation, shown where no later one is known.
    """

    organization_id: UUID
    organization_name: str | None = None
    invitation_id: UUID
    invited_by: UUID = Field(alias="other_id")
    generation: int
    expires_at: datetime

    async def compose(self, composer: Composer) -> RenderedMail:
        organization = await composer.organization_name(self.organization_id, self.organization_name)
        invited_by = await composer.user_name(self.invited_by)
        request = InvitationLinkRequest(invitation_id=self.invitation_id, generation=self.generation)
        link = await composer.claim(INVITATION_LINK, request)
        return composer.render(
            link.email,
            organization=organization,
            invited_by=invited_by,
            invitation_url=composer.link("/invitations/", link.token.get_secret_value()),
            expires_at=self.expires_at,
        )


def context_of(envelope: Envelope[MemberInvited] | Envelope[InvitationResent]) -> Invitation:
    event = envelope.data
    return Invitation(
        at=envelope.time,
        organization_id=event.organization_id,
        organization_name=event.organization_name,
        invitation_id=event.invitation_id,
        invited_by=event.invited_by,
        generation=event.generation,
        expires_at=event.expires_at,
    )


MAIL = Mail("invitation", Invitation)
MAIL.on(MemberInvited, context_of)
MAIL.on(InvitationResent, context_of)
