"""The events of all slices: what the service publishes, and what it does with other services' events."""

from typing import Any
from uuid import UUID

from access.replicas import ClientReplica, RevocationReplica
from contracts.subscriptions import Subscriptions
from organizations import erasure
from organizations.audit import events as audit
from organizations.container import Container
from organizations.invitations import events as invitations
from organizations.members import events as members
from organizations.organizations import events as organizations
from organizations.users import events as users
from runtime.publications import Publications


def _organization_of(event: Any) -> UUID:
    """The events of an invitation name their organization; the others are of the organization itself."""
    organization_id: UUID = getattr(event, "organization_id", event.originator_id)
    return organization_id


PUBLICATIONS = Publications("organizations", _organization_of)
PUBLICATIONS.include(organizations.PUBLICATIONS)
PUBLICATIONS.include(members.PUBLICATIONS)
PUBLICATIONS.include(invitations.PUBLICATIONS)

PRIVATE = organizations.PRIVATE | invitations.PRIVATE
"""Stored events that no contract event follows from."""


def subscriptions(container: Container) -> Subscriptions:
    """The replica of user accounts first: what follows reads it."""
    database, table = container.store.database, Subscriptions()
    table.include(users.subscriptions(container.users))
    table.include(organizations.subscriptions(container.organizations))
    table.include(erasure.subscriptions(container.erasure))
    table.include(ClientReplica(database).subscriptions())
    table.include(RevocationReplica(database).subscriptions())
    table.include(audit.subscriptions(container.audit))
    return table
