"""To a new user: the one-time password of the account, claimed from identity."""

from datetime import datetime
from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import UserRegistered, UserRegistrationRepeated
from contracts.rpc import MAIL_SECRET, MailSecretRequest
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class Registration(MailContext):
    """`generation` is the number of the one-time password that is claimed."""

    user_id: UUID
    generation: int
    expires_at: datetime

    async def compose(self, composer: Composer) -> RenderedMail:
        request = MailSecretRequest(purpose="one-time-password", user_id=self.user_id, generation=self.generation)
        secret = await composer.claim(MAIL_SECRET, request)
        return composer.render(
            secret.email,
            password=secret.value.get_secret_value(),
            expires_at=self.expires_at,
            sign_in_url=composer.link("/login"),
        )


def context_of(envelope: Envelope[UserRegistered] | Envelope[UserRegistrationRepeated]) -> Registration | None:
    event = envelope.data
    if event.generation is None or event.expires_at is None:  # no one-time password: there is a password already
        return None
    return Registration(
        at=envelope.time, user_id=event.user_id, generation=event.generation, expires_at=event.expires_at
    )


MAIL = Mail("registration", Registration)
MAIL.on(UserRegistered, context_of)
MAIL.on(UserRegistrationRepeated, context_of)
