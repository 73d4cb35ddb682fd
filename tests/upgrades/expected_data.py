"""The data created for an upgrade fixture, and expected after an upgrade."""

import secrets
from typing import Any

from pydantic import BaseModel, ConfigDict

from testing.driver import SystemDriver, UserDriver


class Human(BaseModel):
    """Somebody who can sign in."""

    model_config = ConfigDict(extra="forbid")
    id: str
    email: str
    password: str
    name: str | None
    roles: dict[str, str]
    """By the name of the organization."""


class Expected(BaseModel):
    """Found again by every later release. Nothing in it ends with time."""

    model_config = ConfigDict(extra="forbid")
    people: list[Human]
    erased: Human
    organization: str
    client_id: str
    client_secret: str
    platform: str
    database: dict[str, Any]
    """The credentials of the platform's database, its password among them."""
    events: dict[str, int]
    """How many each service has stored."""


def work(driver: SystemDriver) -> Expected:
    """A little of everything that is stored; `events` are for the caller to count."""
    ada, bob = _person(driver, "ada", "Ada Lovelace"), _person(driver, "bob", "Bob")
    org = ada.organization
    _ok(ada, "PATCH", f"/organizations/{org}", {"name": "Brokers"})
    zoe = _person(driver, "zoe", "Zoe Forgotten")
    for guest, role in ((bob, "manager"), (zoe, "viewer")):
        _ok(ada, "POST", f"/organizations/{org}/invitations", {"email": guest.email, "role": role})
        link = driver.mail(guest.email, "invitation").link("/invitations/")
        _ok(guest, "POST", f"/invitations/{link.rsplit('/', 1)[1]}/accept")
    _ok(ada, "POST", f"/organizations/{org}/invitations", {"email": "guest@broker.example", "role": "viewer"})
    client = _ok(ada, "POST", f"/organizations/{org}/clients", {"name": "CRM", "scopes": ["events:read"]})
    platform = _ok(ada, "POST", f"/organizations/{org}/platforms", {"name": "Live", "kind": "mt5"})["id"]
    database = {"host": "localhost", "port": 9, "database": "report", "user": "reader",
                "password": secrets.token_urlsafe(12), "ca_pem": None}  # fmt: skip
    _ok(ada, "PUT", f"/organizations/{org}/platforms/{platform}/db-credentials", database)
    return Expected(
        people=[_human(one) for one in (ada, bob)],
        erased=_human(zoe),
        organization=org,
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        platform=platform,
        database=database,
        events={},
    )


def roles(person: UserDriver) -> dict[str, str]:
    """By the name of the organization."""
    return {one["name"]: one["role"] for one in person.api("GET", "/organizations").json()["items"]}


def _person(driver: SystemDriver, email: str, name: str) -> UserDriver:
    person = driver.new_user(email)
    _ok(person, "PATCH", "/me", {"name": name})
    return person


def _human(person: UserDriver) -> Human:
    me = person.api("GET", "/me").json()
    return Human(id=me["id"], email=person.email, password=person.password, name=me["name"], roles=roles(person))


def _ok(person: UserDriver, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = person.api(method, path, **({"json": body} if body is not None else {}))
    assert answer.is_success, f"{method} {path}: {answer.text}"
    return answer.json() if answer.content else None
