"""To a user: a sign-in on a device that they did not use before."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import UserSignedIn
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.names import display_name
from notifications.mails.rendering import RenderedMail


class NewDevice(MailContext):
    """`network_address` is personal data: it is stored until the mail is sent or given up, and no longer."""

    user_id: UUID
    device: str | None = None
    network_address: str | None = None

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            signed_in_at=self.at,
            device=display_name(self.device or "unknown"),
            network_address=self.network_address or "unknown",
            forgot_url=composer.link("/password/forgot"),
        )


def context_of(envelope: Envelope[UserSignedIn]) -> NewDevice | None:
    event = envelope.data
    if not event.new_device:
        return None
    return NewDevice(at=envelope.time, user_id=event.user_id, device=event.device, network_address=event.address)


MAIL = Mail("new-device", NewDevice)
MAIL.on(UserSignedIn, context_of)
