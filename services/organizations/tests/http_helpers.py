"""Helpers over HTTP: organizations, invitations, members, and refusals."""

from typing import Any

import httpx2

from organizations.tests.running_service import RunningOrganizations
from testing.service import Caller

BASE = "/api/v1/organizations"


def make(person: Caller, name: str = "Brokers") -> str:
    """The path of a new organization."""
    answer = person.post(BASE, json={"name": name})
    assert answer.status_code == 201, answer.text
    return f"{BASE}/{answer.json()['id']}"


def invite(person: Caller, organization: str, email: str, **given: Any) -> httpx2.Response:
    answer: httpx2.Response = person.post(
        f"{organization}/invitations", json={"email": email, "role": "viewer", **given}
    )
    return answer


def link(running: RunningOrganizations, invitation: str, generation: int = 1) -> str:
    """The path that an invitation's mail leads to, claimed on the bus as notifications does."""
    return f"/api/v1/invitations/{running.link(invitation, generation)}"


def join(running: RunningOrganizations, owner: Caller, organization: str, **given: Any) -> Caller:
    """A new member by invitation."""
    person = running.user()
    invited = invite(owner, organization, person.email, **given)
    assert invited.status_code == 201, invited.text
    accepted = person.post(f"{link(running, invited.json()['id'])}/accept")
    assert accepted.status_code == 200, accepted.text
    return person


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
