"""Subscriptions of the replica of user accounts to identity's events."""

from contracts.envelope import Envelope
from contracts.identity import UserEmailVerified, UserRegistered, UserRenamed
from contracts.subscriptions import Subscriptions
from organizations.users.service import Users


def subscriptions(users: Users) -> Subscriptions:
    def registered(envelope: Envelope[UserRegistered]) -> None:
        users.learn(envelope.data.user_id, envelope.data.email, envelope.data.name)

    def renamed(envelope: Envelope[UserRenamed]) -> None:
        users.rename(envelope.data.user_id, envelope.data.name)

    def verified(envelope: Envelope[UserEmailVerified]) -> None:
        users.verify(envelope.data.user_id)

    table = Subscriptions()
    table.on(UserRegistered, registered)
    table.on(UserRenamed, renamed)
    table.on(UserEmailVerified, verified)
    return table
