"""To the owner of an account: somebody registered with its address."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import UserRegistrationRepeated
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class RegistrationKnown(MailContext):
    user_id: UUID

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            sign_in_url=composer.link("/login"),
            forgot_url=composer.link("/password/forgot"),
        )


def context_of(envelope: Envelope[UserRegistrationRepeated]) -> RegistrationKnown | None:
    if envelope.data.generation is not None:  # mail `registration` has the new one-time password
        return None
    return RegistrationKnown(at=envelope.time, user_id=envelope.data.user_id)


MAIL = Mail("registration-known", RegistrationKnown)
MAIL.on(UserRegistrationRepeated, context_of)
