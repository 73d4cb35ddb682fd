"""To a user: the password of their account was changed."""

from uuid import UUID

from contracts.envelope import Envelope
from contracts.identity import UserPasswordChanged
from notifications.mails.composer import Composer
from notifications.mails.context import MailContext
from notifications.mails.definition import Mail
from notifications.mails.rendering import RenderedMail


class PasswordChanged(MailContext):
    user_id: UUID

    async def compose(self, composer: Composer) -> RenderedMail:
        return composer.render(
            await composer.address(self.user_id),
            changed_at=self.at,
            forgot_url=composer.link("/password/forgot"),
        )


def context_of(envelope: Envelope[UserPasswordChanged]) -> PasswordChanged | None:
    if envelope.data.how == "chosen":  # the user's first own password, in place of the one-time password
        return None
    return PasswordChanged(at=envelope.time, user_id=envelope.data.user_id)


MAIL = Mail("password-changed", PasswordChanged)
MAIL.on(UserPasswordChanged, context_of)
