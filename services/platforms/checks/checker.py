"""Runs one check, step by step, and records its result."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from prometheus_client import Counter

from platforms.checks.domain import Result, Step
from platforms.checks.service import Checks
from platforms.connections.addresses import Policy
from platforms.credentials.service import Usable
from platforms.platforms.domain import Target
from platforms.store import Clock

_CHECKS = Counter("tradehall_checks_total", "Checks of trade platforms.", ["target", "outcome"])


class Checker:
    """Checks run on the event loop; only what they store runs in threads, in short transactions of its own."""

    def __init__(self, checks: Checks, policy: Policy, clock: Clock) -> None:
        self._checks = checks
        self._policy = policy
        self._clock = clock

    async def run(
        self, organization_id: UUID, platform_id: UUID, target: Target, usable: Usable, occasion: str
    ) -> AsyncIterator[Step | Result]:
        """Each step as it ends, then the result, which is recorded."""
        check = usable.connector.check(usable.credentials, self._policy)
        steps: list[Step] = []
        async for step in check.steps():
            steps.append(step)
            yield step
        result = Result.of(target, steps, self._clock(), check.zone_minutes, check.certificate_ends_at)
        _CHECKS.labels(target, result.outcome).inc()
        await asyncio.to_thread(self._checks.record, organization_id, platform_id, result, usable.version, occasion)
        yield result

    async def result(
        self, organization_id: UUID, platform_id: UUID, target: Target, usable: Usable, occasion: str
    ) -> Result:
        """The result alone."""
        ran = [one async for one in self.run(organization_id, platform_id, target, usable, occasion)]
        assert isinstance(ran[-1], Result)
        return ran[-1]
