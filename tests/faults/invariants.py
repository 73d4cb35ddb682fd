"""Invariants after every run, once the system has had time to recover."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import nats
import nats.errors
from psycopg import OperationalError

from testing.driver import SystemDriver, UserDriver, call, client_token
from testing.stored_text import dump, logs
from testing.waiting import wait_until
from tests.faults.inspection import Inspection
from tests.faults.ledger import Ledger, Organization
from tests.faults.plan import SERVICES
from tests.faults.retrying import Broken
from tests.faults.subscriber import Subscriber

_SETTLED_WITHIN = 60.0  # seconds
_NOT_YET = (nats.errors.Error, OSError, OperationalError)
_PATHS = ("", "/members", "/invitations", "/clients", "/platforms", "/audit")


def all_hold(inspection: Inspection, ledger: Ledger, subscriber: Subscriber, faults: int) -> None:
    """Raises Broken with what does not. `faults` is how many this system has had."""
    settled(inspection)
    nothing_is_parked(inspection)
    nothing_acknowledged_is_lost(inspection.battered.driver, ledger)
    nobody_sees_what_is_others(inspection.battered.driver, ledger)
    the_subscriber_has_every_event_once(inspection, subscriber)
    every_change_is_one_event(ledger, subscriber)
    every_mail_came_once(inspection, ledger, subscriber, faults)
    views_are_what_a_rebuild_gives(inspection)
    no_secret_is_left(inspection, ledger, subscriber)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def _soon(condition: Callable[[], bool], what: str) -> None:
    try:
        wait_until(condition, _SETTLED_WITHIN, what)
    except AssertionError as error:
        raise Broken(str(error)) from None


def settled(inspection: Inspection) -> None:
    """Each stream comes to hold its store's public events and nothing else, each service to have read all, and
    every mail to be out."""
    for service in SERVICES:
        _soon(lambda s=service: _is_full(inspection, s), f"the stream of {service} to be as stored")  # type: ignore[misc]
    for service in SERVICES:
        _soon(lambda s=service: _has_read_all(inspection, s), f"{service} to have read all")  # type: ignore[misc]
    due = "SELECT count(*) AS mails FROM deliveries"
    _soon(lambda: inspection.rows("notifications", due)[0]["mails"] == 0, "all mails to be out")
    for service in SERVICES:  # reading has made events of its own
        _soon(lambda s=service: _is_full(inspection, s), f"the stream of {service} to be as stored")  # type: ignore[misc]
        _soon(lambda s=service: _has_read_all(inspection, s), f"{service} to have read all")  # type: ignore[misc]


def _is_full(inspection: Inspection, service: str) -> bool:
    try:
        verdict = inspection.verdict(service)
    except _NOT_YET:
        return False
    _must(verdict.sound and not verdict.erased, f"the stream of {service} is not as stored: {verdict}")
    return verdict.waiting == 0


def _has_read_all(inspection: Inspection, service: str) -> bool:
    try:
        return inspection.unread(service) == 0
    except _NOT_YET:
        return False


def nothing_is_parked(inspection: Inspection) -> None:
    for service in SERVICES:
        parked = inspection.rows(service, "SELECT durable, subject, type, error FROM parked")
        _must(parked == [], f"{service} has parked {parked}")


def nothing_acknowledged_is_lost(driver: SystemDriver, ledger: Ledger) -> None:
    """Nor is anything there that was not asked for, or twice."""
    for person in ledger.people:
        expected = {
            org.id: org.names[-1] for org in ledger.organizations if org.owner is person or person.email in org.members
        }
        seen = {one["id"]: one["name"] for one in _items(person, "/organizations")}
        _must(seen == expected, f"{person.email} sees the organizations {seen} instead of {expected}")
    for org in ledger.organizations:
        _is_as_acknowledged(driver, ledger, org)


def _is_as_acknowledged(driver: SystemDriver, ledger: Ledger, org: Organization) -> None:
    path = f"/organizations/{org.id}"
    members = {one["email"]: (one["role"], one["limits"]["platforms"]) for one in _items(org.owner, f"{path}/members")}
    _equal(org, "members", members, {org.owner.email: ("administrator", None), **org.members})
    offers = {one["id"]: (one["email"], one["status"]) for one in _items(org.owner, f"{path}/invitations")}
    _equal(org, "invitations", offers, org.invitations)
    platforms = {
        one["id"]: one["db_credentials"] and one["db_credentials"]["user"]
        for one in _items(org.owner, f"{path}/platforms")
    }
    _equal(org, "platforms", platforms, org.platforms)
    people = {person.email: person for person in ledger.people}
    for email, (_, limited) in org.members.items():
        shown = {one["id"] for one in _items(people[email], f"{path}/platforms")}
        _equal(org, f"platforms that {email} sees", shown, set(org.platforms if limited is None else limited))
    clients = {one["id"]: one["client_id"] for one in _items(org.owner, f"{path}/clients")}
    _equal(org, "clients", clients, {one.id: one.client_id for one in org.clients.values()})
    for client in org.clients.values():
        answer = client_token(driver, client.client_id, client.secret)
        _must(answer.status_code == 200, f"the client {client.id} gets no token: {answer.text}")
        token = answer.json()["access_token"]
        seen = call(driver, token, "GET", "/organizations").json()["items"]
        _equal(org, "a client's organizations", [one["id"] for one in seen], [org.id])
        shown = call(driver, token, "GET", f"{path}/platforms?limit=200").json()["items"]
        _equal(org, "a client's platforms", {one["id"] for one in shown}, set(org.platforms))
        _sees_nothing(driver, token, f"the client {client.id}", [one for one in ledger.organizations if one is not org])


def _items(person: UserDriver, path: str) -> list[dict[str, Any]]:
    answer = person.api("GET", f"{path}?limit=200")
    _must(answer.status_code == 200, f"{person.email} gets {answer.status_code} for {path}: {answer.text}")
    items: list[dict[str, Any]] = answer.json()["items"]
    _must(len({one.get("id", one.get("user_id")) for one in items}) == len(items), f"{path} shows something twice")
    return items


def _equal(org: Organization, what: str, seen: object, acknowledged: object) -> None:
    _must(seen == acknowledged, f"{what} of {org.id} are {seen}, acknowledged were {acknowledged}")


def nobody_sees_what_is_others(driver: SystemDriver, ledger: Ledger) -> None:
    for person in ledger.people:
        foreign = [org for org in ledger.organizations if org.owner is not person and person.email not in org.members]
        _sees_nothing(driver, person.token, person.email, foreign)


def _sees_nothing(driver: SystemDriver, token: str, who: str, foreign: list[Organization]) -> None:
    for org in foreign:
        for path in _PATHS:
            answer = call(driver, token, "GET", f"/organizations/{org.id}{path}")
            refused = answer.status_code == 404 or answer.json()["code"] == "person-needed"
            _must(refused, f"{who} gets {answer.status_code} for {path or 'all'} of {org.id}: {answer.text}")


def the_subscriber_has_every_event_once(inspection: Inspection, subscriber: Subscriber) -> None:
    stored = inspection.ids()
    _soon(lambda: stored <= set(subscriber.read), "the subscriber to have every event")
    _must(set(subscriber.read) <= stored, "the subscriber has events that no store holds")
    _must(not subscriber.disorder, f"events came out of order: {subscriber.disorder[:5]}")


def every_change_is_one_event(ledger: Ledger, subscriber: Subscriber) -> None:
    for org in ledger.organizations:
        seen = subscriber.types_of(org.id)
        expected = org.changes + Counter(OrgCreated=1)
        for event, times in expected.items():
            most = times + org.repeatable[event]
            _must(times <= seen[event] <= most, f"{org.id} has {seen[event]} {event} for {times} changes")


def every_mail_came_once(inspection: Inspection, ledger: Ledger, subscriber: Subscriber, faults: int) -> None:
    """Every registration, invitation and the like has its mail; one whose outcome was unknown may have come twice, and
    a fault leaves one at most in doubt."""
    notified = inspection.rows("notifications", "SELECT * FROM notifications")
    sent = {str(one["id"]): one for one in notified if one["state"] == "sent"}
    for one in notified:
        _must(one["state"] == "sent" or _was_not_due(one, notified, subscriber), f"a mail was not sent: {one}")
    listed = inspection.battered.driver.mailbox("/api/v1/messages", limit=100_000)["messages"]
    received = Counter(one["MessageID"].partition("@")[0] for one in listed)
    _must(sent.keys() <= received.keys(), f"mails told as sent did not come: {sent.keys() - received.keys()}")
    in_doubt = {str(one["id"]) for one in notified if one["outcome_unknown"]}
    untold = received.keys() - sent.keys() - in_doubt
    _must(not untold, f"mails came that are not told as sent: {[one for one in notified if str(one['id']) in untold]}")
    doubled = [sent[one] for one, times in received.items() if times > 1 and one not in in_doubt]
    _must(doubled == [], f"mails came twice: {doubled}")
    unknown = sum(1 for one in notified if one["outcome_unknown"])
    _must(unknown <= faults, f"{unknown} mails were left in doubt by {faults} faults")
    to = {address["Address"] for one in listed for address in one["To"]}
    for email in ledger.sent_in:
        _must(email in to, f"{email} got no mail")


def _was_not_due(one: dict[str, Any], notified: list[dict[str, Any]], subscriber: Subscriber) -> bool:
    """An invitation that was revoked before its mail went out; a one-time password that a later one replaced."""
    if one["reason"] == "invitation-revoked":
        revoked = subscriber.of_type("InvitationRevoked")
        return str(one["invitation_id"]) in {event["data"]["invitation_id"] for event in revoked}
    later = [
        each
        for each in notified
        if (each["template"], each["user_id"], each["state"]) == ("registration", one["user_id"], "sent")
    ]
    return one["template"] == "registration" and one["reason"] == "not-due" and later != []


def views_are_what_a_rebuild_gives(inspection: Inspection) -> None:
    for service in SERVICES:
        wrong = inspection.wrong_rows(service)
        _must(wrong == {}, f"views of {service} are not what a rebuild gives, rows by table: {wrong}")


def no_secret_is_left(inspection: Inspection, ledger: Ledger, subscriber: Subscriber) -> None:
    info = inspection.battered.driver.info
    places = {
        "logs": logs(inspection.battered.system),
        "streams": json.dumps(list(subscriber.read.values())),
        **{f"database of {name}": dump(dsn) for name, dsn in info["postgres_dsn"].items()},
    }
    for place, text in places.items():
        for what, secret in ledger.secrets:
            shown = secret in text or secret.encode().hex() in text
            _must(not shown, f"a {what} stands in the {place}")
