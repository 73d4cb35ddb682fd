"""The service over HTTP with a fake identity, and helpers for rows, events and requests."""

from typing import Any
from uuid import UUID

from contracts import identity, rpc
from contracts.envelope import Envelope
from kit.settings import ServiceSettings
from organizations.service import OrganizationsService
from testing.identity import FakeIdentity
from testing.service import Caller, RunningService, settings_of

_FOREIGN = ("identity", "platforms", "notifications")


class RunningOrganizations(RunningService[ServiceSettings]):
    """The service on a free port."""

    def __init__(self, dsn: str, nats_url: str) -> None:
        fake = FakeIdentity(nats_url, rpc.USER, rpc.CLIENT, streams=_FOREIGN)
        super().__init__(OrganizationsService, settings_of(ServiceSettings, dsn, nats_url), fake)

    def link(self, invitation: str, generation: int) -> str:
        """The token of an invitation's link, asked for on the bus as notifications does."""
        question = rpc.InvitationLinkRequest(invitation_id=UUID(invitation), generation=generation)
        reply = self.identity.ask(rpc.INVITATION_LINK, question)
        assert reply.ok is not None, reply.refused
        token: str = reply.ok.token.get_secret_value()
        return token

    def store_rows(self, organization: str) -> dict[str, Any]:
        """What the service's own tables hold of an organization."""
        [row] = self.rows(
            "SELECT name, (SELECT count(*) FROM members WHERE organization_id = o.id) AS members, "
            "(SELECT count(*) FROM invitations WHERE organization_id = o.id AND status = 'pending') "
            "AS pending FROM organizations o WHERE id = %s",
            organization,
        )
        return row

    def forget_foreign_events(self) -> None:
        """Empty the feed of the other services' events, and let it be read again from the streams."""
        self.rows("DELETE FROM heard RETURNING 1")
        self.rows("DELETE FROM inbox WHERE durable LIKE '%%-feed' RETURNING 1")
        for context in _FOREIGN:
            self.identity.delete_consumer(context.upper(), f"organizations-{context}-feed")

    def on_the_bus(self, organization: str, count: int) -> list[Envelope]:
        """The first events of an organization in the stream."""
        return self.identity.read("ORGANIZATIONS", f"evt.organizations.{organization}.>", count)

    def registered(self, user: Caller) -> None:
        """Publish that this user registered and verified their address."""
        known = self.identity.accounts[user.id]
        self.identity.publish(
            identity.UserRegistered(user_id=user.id, email=known.email, name=known.name, via="registration"),
            user.id,
            actor=str(user.id),
        )
        self.identity.publish(identity.UserEmailVerified(user_id=user.id), user.id)
