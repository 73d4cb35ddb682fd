"""What other services tell: who may do what, and which organizations are deleted."""

from collections.abc import Callable
from typing import Any

from access.replicas import ClientReplica, MembershipReplica, RevocationReplica
from contracts import organizations
from contracts.envelope import Envelope
from platforms.application import Platforms

Handlers = dict[type, Callable[[Envelope], None]]


def handlers(store: Platforms) -> Handlers:
    """The copies of rights, and the two events that hide platforms and show them again."""
    members = MembershipReplica(store.database).handlers()
    copies = members | ClientReplica(store.database).handlers() | RevocationReplica(store.database).handlers()

    def deleted(envelope: Envelope) -> None:
        event: Any = envelope.data
        members[organizations.OrgDeleted](envelope)
        store.views.organization_deleted(event.organization_id, event.restorable_until)

    def restored(envelope: Envelope) -> None:
        event: Any = envelope.data
        members[organizations.OrgRestored](envelope)
        store.views.organization_restored(event.organization_id)

    return copies | {organizations.OrgDeleted: deleted, organizations.OrgRestored: restored}
