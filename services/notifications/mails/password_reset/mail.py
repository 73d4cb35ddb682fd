"""To a user who asked for it: the link that sets a new password, with a token claimed from identity."""

from datetime import datetime
from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import UserPasswordResetRequested
from contracts.rpc import MAIL_SECRET, MailSecretRequest
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class PasswordReset(MailContext):
    """`generation` is the number of the token that is claimed."""

    user_id: UUID
    generation: int
    expires_at: datetime

    async def compose(self, composer: Composer) -> RenderedMail:
        request = MailSecretRequest(purpose="password-reset", user_id=self.user_id, generation=self.generation)
        secret = await composer.claim(MAIL_SECRET, request)
        return composer.render(
            secret.email,
            reset_url=composer.link("/password/reset/", secret.value.get_secret_value()),
            expires_at=self.expires_at,
        )


def context_of(envelope: Envelope[UserPasswordResetRequested]) -> PasswordReset:
    event = envelope.data
    return PasswordReset(
        at=envelope.time, user_id=event.user_id, generation=event.generation, expires_at=event.expires_at
    )


MAIL = Mail("password-reset", PasswordReset)
MAIL.on(UserPasswordResetRequested, context_of)
