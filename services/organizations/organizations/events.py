"""Published events of organizations, and the subscription that creates the first organization of a user."""

from contracts import organizations as contract
from contracts.envelope import Envelope
from contracts.identity import UserRegistered
from contracts.subscriptions import Subscriptions
from organizations.organizations.domain import Organization
from organizations.organizations.service import Organizations
from runtime.publications import Publications

PUBLICATIONS = Publications("organizations")
_on = PUBLICATIONS.on
_on(
    Organization.OrgCreated,
    contract.OrgCreated,
    lambda e: contract.OrgCreated(organization_id=e.originator_id, name=e.name, owner=e.owner),
)
_on(
    Organization.OrgRenamed,
    contract.OrgRenamed,
    lambda e: contract.OrgRenamed(organization_id=e.originator_id, from_=e.from_, to=e.to),
)
_on(
    Organization.OrgDeleted,
    contract.OrgDeleted,
    lambda e: contract.OrgDeleted(organization_id=e.originator_id, restorable_until=e.restorable_until),
)
_on(Organization.OrgRestored, contract.OrgRestored, lambda e: contract.OrgRestored(organization_id=e.originator_id))

PRIVATE = frozenset({Organization.OrgPurged})
"""Other services treat a deleted organization as gone, so its purge changes nothing for them."""


def subscriptions(organizations: Organizations) -> Subscriptions:
    def registered(envelope: Envelope[UserRegistered]) -> None:
        organizations.create_first(envelope.data.user_id)

    table = Subscriptions()
    table.on(UserRegistered, registered)
    return table
