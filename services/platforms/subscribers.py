"""Subscriptions to other services' events: permissions, and deleted or restored organizations."""

from access.replicas import ClientReplica, MembershipReplica, RevocationReplica
from contracts.envelope import Envelope
from contracts.organizations import OrgDeleted, OrgRestored
from contracts.subscriptions import Subscriptions
from platforms.application import Platforms


def subscriptions(store: Platforms) -> Subscriptions:
    """Replicas of permissions first, then what hides an organization's platforms and shows them again."""
    table = Subscriptions()
    for replica in (MembershipReplica, ClientReplica, RevocationReplica):
        table.include(replica(store.database).subscriptions())

    def deleted(envelope: Envelope[OrgDeleted]) -> None:
        store.views.organization_deleted(envelope.data.organization_id, envelope.data.restorable_until)

    def restored(envelope: Envelope[OrgRestored]) -> None:
        store.views.organization_restored(envelope.data.organization_id)

    table.on(OrgDeleted, deleted)
    table.on(OrgRestored, restored)
    return table
