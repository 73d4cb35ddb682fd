"""Actors who go through the quick start over and over, and remember only what was acknowledged to them."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.driver import Hall, Person, address, call, client_token

_PATIENCE = 90  # tries of an idempotent call, half a second apart


@dataclass
class Ledger:
    """What the system said it had done."""

    registered: list[str] = field(default_factory=list)
    organizations: dict[str, tuple[Person, str]] = field(default_factory=dict)
    """Organization id -> who made it, and its acknowledged name."""
    clients: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Client id -> organization, client_id, secret."""
    invited: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Invitation id -> organization, address."""
    stories: int = 0


class Abandoned(Exception):
    """A page failed in mid-story; a person would start again."""


class Actor(threading.Thread):
    """One person after another, until told to stop. Tries again after 5xx and broken connections."""

    def __init__(self, hall: Hall, ledger: Ledger, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self._hall = hall
        self._ledger = ledger
        self._stopping = stopping
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._story()
                    self._ledger.stories += 1
                except Abandoned:
                    self._stopping.wait(0.2)
        except BaseException as error:  # told by the test
            self.error = error

    def _story(self) -> None:
        person = self._page(self._arrive)
        org = self._call(person, "GET", "/organizations")["items"][0]["id"]
        name = f"Brokerage {uuid.uuid4().hex[:6]}"
        self._call(person, "PATCH", f"/organizations/{org}", json={"name": name})
        self._ledger.organizations[org] = (person, name)
        second = self._create(person, "/organizations", {"name": f"Second of {name}"})
        self._ledger.organizations[second["id"]] = (person, second["name"])
        client = self._create(person, f"/organizations/{org}/clients", {"name": "robot", "scopes": ["platforms:read"]})
        self._ledger.clients[client["id"]] = (org, client["client_id"], client["client_secret"])
        guest = address("guest")
        offer = self._create(person, f"/organizations/{org}/invitations", {"email": guest, "role": "viewer"})
        self._ledger.invited[offer["id"]] = (org, guest)
        token = self._patiently(lambda: client_token(self._hall, client["client_id"], client["client_secret"]))
        self._patiently(lambda: call(self._hall, token["access_token"], "GET", "/organizations"))

    def _arrive(self) -> Person:
        person = Person(self._hall, address("actor"))
        person.register()
        self._ledger.registered.append(person.email)
        return person.first_sign_in()

    def _page(self, visit: Callable[[], Person]) -> Person:
        try:
            person = visit()
            _ = person.token
            return person
        except (httpx.TransportError, AssertionError) as error:
            raise Abandoned from error

    def _create(self, person: Person, path: str, body: dict[str, Any]) -> Any:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return self._call(person, "POST", path, json=body, headers=headers)

    def _call(self, person: Person, method: str, path: str, **rest: Any) -> Any:
        return self._patiently(lambda: call(self._hall, person.token, method, path, **rest))

    def _patiently(self, ask: Callable[[], httpx.Response]) -> Any:
        """The JSON of a 2xx answer; a refusal (4xx) fails the test."""
        for _ in range(_PATIENCE):
            try:
                answer = ask()
            except (httpx.TransportError, AssertionError):
                self._stopping.wait(0.5)
                continue
            if answer.status_code < 400:
                return answer.json()
            assert answer.status_code >= 500, f"{answer.request.method} {answer.request.url}: {answer.text}"
            self._stopping.wait(0.5)
        raise AssertionError("no answer within the actor's patience")


class Crowd:
    """Actors at work while the block runs; at its end all of them have finished their story."""

    def __init__(self, hall: Hall, size: int = 3) -> None:
        self.ledger = Ledger()
        self._stopping = threading.Event()
        self._actors = [Actor(hall, self.ledger, self._stopping) for _ in range(size)]

    def __enter__(self) -> Ledger:
        for actor in self._actors:
            actor.start()
        return self.ledger

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for actor in self._actors:
            actor.join(timeout=120)
        errors = [actor.error for actor in self._actors if actor.error]
        assert not errors, errors
        assert not any(actor.is_alive() for actor in self._actors), "an actor is stuck"
