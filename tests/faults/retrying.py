"""Retries a request until its outcome is known."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx2

from testing.driver import UserDriver
from tests.faults.ledger import Organization

PATIENCE = 90.0  # seconds for one operation to become known
_PAUSE = 0.3
_UNSURE = (httpx2.TransportError, AssertionError)
"""The errors of a request without a complete answer."""


class Broken(Exception):
    """An invariant does not hold."""


class RetryingClient:
    """What actors and their like do on behalf of a person."""

    def __init__(self, person: UserDriver) -> None:
        self.person = person

    def _create(self, path: str, body: dict[str, Any]) -> Any:
        """What was made; the same Idempotency-Key until it is known."""
        return self._answer("POST", path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex}).json()

    def _answer(
        self,
        method: str,
        path: str,
        *,
        gone: tuple[int, ...] = (),
        effect: tuple[Organization, str] | None = None,
        **rest: Any,
    ) -> httpx2.Response:
        """`gone`: refusals that tell, when the call is repeated, that an earlier one took effect.
        `effect`: where to count events, if each repetition may give one."""
        return self._known(lambda: self.person.api(method, path, **rest), gone, effect)

    def _known(
        self,
        ask: Callable[[], httpx2.Response],
        gone: tuple[int, ...] = (),
        effect: tuple[Organization, str] | None = None,
    ) -> httpx2.Response:
        asked = 0

        def attempt() -> httpx2.Response | None:
            nonlocal asked
            asked += 1
            answer = ask()
            if asked > 1 and answer.status_code in gone:
                return answer
            must_not_refuse(answer)
            return answer if answer.status_code < 400 else None

        answer: httpx2.Response = self._until(attempt)
        if effect is not None:
            org, event = effect
            org.changes[event] += 1
            org.repeatable[event] += asked - 1
        return answer

    def _until(self, attempt: Callable[[], Any], pause: float = _PAUSE) -> Any:
        """What it answers as soon as that is anything."""
        until = time.monotonic() + PATIENCE
        last: BaseException | None = None
        while time.monotonic() < until:
            try:
                if found := attempt():
                    return found
            except _UNSURE as error:
                last = error
            time.sleep(pause)
        raise Broken(f"{self.person.email} knows nothing after {PATIENCE:.0f} s; last: {last!r}")


def must_not_refuse(answer: httpx2.Response) -> None:
    """Raises Broken where it does."""
    if 400 <= answer.status_code < 500:
        asked = answer.request
        raise Broken(f"{asked.method} {asked.url.path} was refused: {answer.status_code} {answer.text}")
