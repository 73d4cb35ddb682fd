"""What is due by the clock: invitations expire, deleted organizations are purged, old keys and counts are deleted."""

import asyncio
import logging

from psycopg import OperationalError

from kit.errors import Unavailable
from kit.http.idempotency import Idempotency
from kit.security.rate_limiter import RateLimiter
from organizations.erasure import Erasure
from organizations.invitations.service import Invitations

_EVERY = 15.0  # seconds


class Upkeep:
    """Any number of replicas may run it: each step reads again what it changes."""

    def __init__(
        self, invitations: Invitations, erasure: Erasure, idempotency: Idempotency, limiter: RateLimiter
    ) -> None:
        self._invitations = invitations
        self._erasure = erasure
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
        """Do all that is due now."""
        self._invitations.expire_due()
        self._erasure.purge_due()
        self._idempotency.forget_old()
        self._limiter.forget_old()
