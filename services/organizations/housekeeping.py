"""Periodic work: expire invitations, purge deleted organizations, delete old keys and counters."""

from kit.http.idempotency import Idempotency
from kit.security.rate_limiter import RateLimiter
from organizations.erasure import Erasure
from organizations.invitations.service import Invitations


class Housekeeping:
    """Any number of replicas may run it: each step reads again what it changes."""

    def __init__(
        self, invitations: Invitations, erasure: Erasure, idempotency: Idempotency, limiter: RateLimiter
    ) -> None:
        self._invitations = invitations
        self._erasure = erasure
        self._idempotency = idempotency
        self._limiter = limiter

    def run(self) -> None:
        """Do all that is due now."""
        self._invitations.expire_due()
        self._erasure.purge_due()
        self._idempotency.delete_expired()
        self._limiter.delete_expired()
