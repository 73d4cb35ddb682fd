"""What happens by itself: invitations end, deleted organizations are purged, erased people are forgotten."""

import asyncio
import logging
from uuid import UUID

from psycopg import OperationalError

from kit.errors import Unavailable
from kit.http.idempotency import Idempotency
from kit.messaging.inbox import forget_dead_letters
from kit.messaging.stream_eraser import StreamEraser
from kit.security.rate_limiter import RateLimiter
from organizations.application import Organizations
from organizations.domain import Invitation, Organization

_EVERY = 15.0  # seconds
_BATCH = 100


class Upkeep:
    """Any number of replicas may run it: each step looks again at what it changes."""

    def __init__(
        self, store: Organizations, idempotency: Idempotency, shredder: StreamEraser, limiter: RateLimiter
    ) -> None:
        self._store = store
        self._shredder = shredder
        self._idempotency = idempotency
        self._limiter = limiter
        self._log = logging.getLogger("organizations.upkeep")

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except (OperationalError, Unavailable) as error:
                self._log.warning("upkeep waits: %s", type(error).__name__)
            await asyncio.sleep(_EVERY)

    def sweep(self) -> None:
        """All that is due now."""
        now = self._store.clock()
        while due := self._store.views.invitations.due(now, _BATCH):
            for invitation_id in due:
                self._expire(invitation_id)
        while due := self._store.views.organizations.to_purge(now, _BATCH):
            for organization_id in due:
                self._purge(organization_id)
        self._idempotency.forget_old()
        self._limiter.forget_old()

    def erase(self, user_id: UUID) -> None:
        """Forget a person: memberships, the addresses of invitations to them, and the copy of who they are.

        Part of the transaction at hand, if there is one.
        """
        self._store.run(lambda: self._erase(user_id))

    def _erase(self, user_id: UUID) -> None:
        views = self._store.views
        invitations = views.invitations.about(user_id, self._store.people.email_hash(user_id))
        person = self._store.people.find(user_id)
        if person is not None and person.email is not None:
            forget_dead_letters(self._store.database, person.email)
        for organization_id in views.organizations.ids_of_user(user_id):
            self._store.forget_member(organization_id, user_id)
        for invitation_id in invitations:
            self._take_back(invitation_id)
            views.invitations.scrub(invitation_id)
            self._forget_address(invitation_id)
        self._store.people.erase(user_id)
        self._idempotency.forget(str(user_id))

    def _take_back(self, invitation_id: UUID) -> None:
        invitation = self._store.find(Invitation, invitation_id)
        if invitation.status == "pending":
            invitation.revoke()
            self._store.save(invitation)

    def _forget_address(self, invitation_id: UUID) -> None:
        """Destroy the key, and have the messages taken off the bus that held the address in clear."""
        self._store.subjects.destroy(str(invitation_id))
        organization_id = self._store.find(Invitation, invitation_id).organization_id
        subject = f"evt.organizations.{organization_id}.{invitation_id}.*"
        self._shredder.mark(subject, self._store.views.audit.last_sequence(organization_id))

    def _expire(self, invitation_id: UUID) -> None:
        def work() -> None:
            invitation = self._store.find(Invitation, invitation_id)
            invitation.expire(self._store.clock())
            self._store.save(invitation)

        self._store.run(work)

    def _purge(self, organization_id: UUID) -> None:
        """With the organization's key go those of its invitations: nothing personal of it can be read again."""

        def work() -> None:
            organization = self._store.find(Organization, organization_id)
            organization.purge(self._store.clock())
            for invitation_id in self._store.views.invitations.of_deleted(organization_id):
                self._forget_address(invitation_id)
            self._store.subjects.destroy(str(organization_id))
            self._store.save(organization)

        self._store.run(work)
