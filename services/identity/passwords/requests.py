"""The request of notifications for the one secret that a mail must hold."""

from collections.abc import Callable
from datetime import datetime

from contracts import rpc
from identity.passwords.one_time import OneTimeSecrets
from identity.store import IdentityStore
from identity.users.domain import User
from kit.errors import NotFound
from kit.messaging.bus import Bus

Secret = rpc.Reply[rpc.MailSecret]


def answer(bus: Bus, store: IdentityStore, secrets: OneTimeSecrets, clock: Callable[[], datetime]) -> None:
    """Declare the answer; before the bus runs."""

    def mail_secret(asked: rpc.MailSecretRequest) -> Secret:
        """Only while the mail is due: the newest generation, not used, not expired."""
        try:
            user = store.find(User, asked.user_id)
        except NotFound:
            return Secret(refused="unknown-user")
        if asked.purpose == "one-time-password":
            due = user.one_time_password_is_good(asked.generation, clock())
            used = user.one_time_password_is_used(asked.generation)
            make = secrets.password
        else:
            due = user.reset_link_is_good(asked.generation, clock())
            used = user.reset_link_is_used(asked.generation)
            make = secrets.reset_token
        if not due or user.email is None:
            return Secret(refused="used" if used and user.email is not None else "not-due")
        value = make(asked.user_id, asked.generation)
        return Secret(ok=rpc.MailSecret.model_validate({"value": value, "email": user.email}))

    bus.answers(rpc.MAIL_SECRET.subject, rpc.MAIL_SECRET.request, mail_secret)
