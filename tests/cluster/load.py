"""Users who send changes to all services continuously, and record what was acknowledged and refused."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from testing.driver import SystemDriver, UserDriver, address, client_token

_PATIENCE = 60.0  # seconds
_AGAIN = 0.3
_PAUSE = 0.4
_PAGE = 20.0  # seconds; longer than the gateway waits for a replica of the portal, and then for another


@dataclass
class Owner:
    """An organization's administrator, and what the organization must hold: names with how often."""

    person: UserDriver
    organization: str
    name: str = "My organization"
    clients: Counter[str] = field(default_factory=Counter)
    platforms: Counter[str] = field(default_factory=Counter)
    invited: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, driver: SystemDriver) -> "Owner":
        person = driver.new_user("owner")
        assert person.browser.get("/portal/sign-in").status_code == 200
        return cls(person, person.organization)

    def page(self) -> httpx2.Response:
        """The portal's page of all organizations, for the signed-in user."""
        return self.person.browser.get("/portal/organizations", follow_redirects=False, timeout=_PAGE)

    def held(self, kind: str, name: str) -> Counter[str]:
        """What the lists of the organization show, by their field `name`."""
        found: Counter[str] = Counter()
        query = "limit=100"
        while True:
            answer = self.person.api("GET", f"/organizations/{self.organization}/{kind}?{query}")
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found.update(item[name] for item in page["items"])
            if not page.get("next_cursor"):
                return found
            query = f"limit=100&cursor={page['next_cursor']}"


class Load:
    """A thread for each service and owner while the block runs. `patient` ones try again what failed on the way or
    with 5xx, under the same Idempotency-Key; `refused` tells of every request that was not answered as it should be."""

    def __init__(self, driver: SystemDriver, owners: list[Owner], *, patient: bool) -> None:
        self.driver = driver
        self.refused: list[str] = []
        self.asked = 0
        self.rounds: Counter[str] = Counter()
        self._patient = patient
        self._stopping = threading.Event()
        self._errors: list[BaseException] = []
        steps = (self._identity, self._organizations, self._platforms, self._notifications, self._portal)
        self.steps = [step.__name__ for step in steps]
        self._threads = [
            threading.Thread(target=self._run, args=(step, owner), daemon=True) for step in steps for owner in owners
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(_PATIENCE + 30)
        assert not any(thread.is_alive() for thread in self._threads), "somebody is stuck"
        assert self._errors == []

    def _run(self, step: Callable[[Owner], None], owner: Owner) -> None:
        try:
            while not self._stopping.wait(_PAUSE):
                step(owner)
                self.rounds[step.__name__] += 1
        except BaseException as error:  # told by the test
            self._errors.append(error)

    def _identity(self, owner: Owner) -> None:
        name = f"robot {uuid.uuid4().hex[:8]}"
        body = {"name": name, "scopes": ["platforms:read"]}
        client = self._create(owner, f"/organizations/{owner.organization}/clients", body)
        if client is not None:
            owner.clients[name] += 1
            self._ask(lambda: client_token(self.driver, client["client_id"], client["client_secret"]))
        self._ask(lambda: owner.person.api("GET", "/me"))

    def _organizations(self, owner: Owner) -> None:
        name = f"Broker {uuid.uuid4().hex[:8]}"
        path = f"/organizations/{owner.organization}"
        if self._ask(lambda: owner.person.api("PATCH", path, json={"name": name})) is not None:
            owner.name = name
        self._ask(lambda: owner.person.api("GET", "/organizations"))

    def _platforms(self, owner: Owner) -> None:
        name = f"Live {uuid.uuid4().hex[:8]}"
        path = f"/organizations/{owner.organization}/platforms"
        if self._create(owner, path, {"name": name, "kind": "mt5"}) is not None:
            owner.platforms[name] += 1
        self._ask(lambda: owner.person.api("GET", f"{path}?limit=1"))

    def _notifications(self, owner: Owner) -> None:
        email = address("guest")
        body = {"email": email, "role": "viewer"}
        if self._create(owner, f"/organizations/{owner.organization}/invitations", body) is not None:
            owner.invited[email] += 1
        # Its only place at the gateway is the operators'.
        self._ask(lambda: owner.person.api("GET", "/operations/notifications/mails?limit=1"), good=(200, 403))

    def _portal(self, owner: Owner) -> None:
        self._ask(owner.page)

    def _create(self, owner: Owner, path: str, body: dict[str, Any]) -> Any:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = self._ask(lambda: owner.person.api("POST", path, json=body, headers=headers), good=(201,))
        return None if answer is None else answer.json()

    def _ask(self, ask: Callable[[], httpx2.Response], good: tuple[int, ...] = (200,)) -> httpx2.Response | None:
        until = time.monotonic() + _PATIENCE
        while True:
            self.asked += 1
            try:
                answer = ask()
            except httpx2.TransportError as error:
                self.refused.append(f"{type(error).__name__} {error}")
            else:
                if answer.status_code in good:
                    return answer
                request = answer.request
                self.refused.append(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:200]}")
                assert answer.status_code >= 500, self.refused[-1]
            if not self._patient:
                return None
            assert time.monotonic() < until, f"no answer within {_PATIENCE:g} s: {self.refused[-1]}"
            self._stopping.wait(_AGAIN)
