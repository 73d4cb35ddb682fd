"""Events of identity and organizations that change the replica."""

from contracts.envelope import Envelope
from contracts.identity import UserErased, UserRegistered, UserRenamed
from contracts.organizations import OrgCreated, OrgRenamed
from contracts.subscriptions import Subscriptions
from notifications.recipients.service import Recipients


def subscriptions(recipients: Recipients) -> Subscriptions:
    """The handlers that keep `recipients` up to date."""

    def registered(envelope: Envelope[UserRegistered]) -> None:
        event = envelope.data
        recipients.add_user(event.user_id, event.email, event.name)

    def renamed(envelope: Envelope[UserRenamed]) -> None:
        recipients.rename_user(envelope.data.user_id, envelope.data.name)

    def erased(envelope: Envelope[UserErased]) -> None:
        recipients.erase_user(envelope.data.user_id)

    def created(envelope: Envelope[OrgCreated]) -> None:
        recipients.set_organization_name(envelope.data.organization_id, envelope.data.name)

    def organization_renamed(envelope: Envelope[OrgRenamed]) -> None:
        recipients.set_organization_name(envelope.data.organization_id, envelope.data.to)

    table = Subscriptions()
    table.on(UserRegistered, registered)
    table.on(UserRenamed, renamed)
    table.on(UserErased, erased)
    table.on(OrgCreated, created)
    table.on(OrgRenamed, organization_renamed)
    return table
