"""What must hold after every fault, once the system has had time to recover."""

import asyncio
import json
from collections import Counter
from typing import Any

import nats
import psycopg
from nats.js.api import AckPolicy, ConsumerConfig
from psycopg.rows import dict_row

from embedded.fixtures import wait_until
from identity.publishing import people as identity_publishing
from notifications import publishing as notifications_publishing
from organizations import publishing as organizations_publishing
from tests.driver import Hall, call, client_token
from tests.faults.actors import Ledger

PRIVATE = {
    "identity": identity_publishing.PRIVATE,
    "organizations": organizations_publishing.PRIVATE,
    "notifications": notifications_publishing.PRIVATE,
}


def rows(hall: Hall, service: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(hall.info["postgres_dsn"][service], row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def messages(hall: Hall, stream: str) -> list[dict[str, Any]]:
    """All messages of a stream in order, read as the observer, with the message id among them."""
    return asyncio.run(_messages(hall.info["nats_url"], stream))


async def _messages(url: str, stream: str) -> list[dict[str, Any]]:
    connection = await nats.connect(url, inbox_prefix=b"_INBOX_observer")
    try:
        js = connection.jetstream()
        total = (await js.stream_info(stream)).state.messages
        read: list[dict[str, Any]] = []
        if total == 0:
            return read
        subscription = await js.pull_subscribe(
            f"evt.{stream.lower()}.>",
            stream=stream,
            config=ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30),
            inbox_prefix=b"_INBOX_observer.",
        )
        while len(read) < total:
            for message in await subscription.fetch(500, timeout=10):
                assert message.headers is not None
                read.append(json.loads(message.data) | {"message_id": message.headers["Nats-Msg-Id"]})
        await subscription.unsubscribe()
        return read
    finally:
        await connection.close()


def streams_hold_every_event_once(hall: Hall) -> None:
    """Each stream is its service's public events, each once, in the order of the store."""
    for service, private in PRIVATE.items():
        wait_until(lambda s=service, p=private: _behind(hall, s, p) == [], 30, f"the stream of {service} to fill")  # type: ignore[misc]


def _behind(hall: Hall, service: str, private: frozenset[type]) -> list[int]:
    hidden = {str(cls.TOPIC) for cls in private}  # type: ignore[attr-defined]
    stored = [
        row["sequence"]
        for row in rows(hall, service, "SELECT sequence, topic FROM events ORDER BY sequence")
        if row["topic"] not in hidden
    ]
    try:
        sent = messages(hall, service.upper())
    except (nats.errors.Error, nats.js.errors.Error, OSError):
        return [-1]
    sequences = [message["sequence"] for message in sent]
    assert len({message["message_id"] for message in sent}) == len(sent), f"{service} published an event twice"
    assert sequences == sorted(sequences), f"{service} published out of order"
    return sorted(set(stored) ^ set(sequences))


def nothing_acknowledged_is_lost(hall: Hall, ledger: Ledger) -> None:
    for org, (person, name) in ledger.organizations.items():
        found = person.api("GET", f"/organizations/{org}")
        assert found.status_code == 200, found.text
        assert found.json()["name"] == name
    for client, (org, client_id, secret) in ledger.clients.items():
        person = ledger.organizations[org][0]
        listed = person.api("GET", f"/organizations/{org}/clients").json()["items"]
        assert [one["id"] for one in listed] == [client], "the client is there, once"
        token = client_token(hall, client_id, secret).json()["access_token"]
        items = call(hall, token, "GET", "/organizations").json()["items"]
        assert [one["id"] for one in items] == [org]
    for offer, (org, guest) in ledger.invited.items():
        listed = ledger.organizations[org][0].api("GET", f"/organizations/{org}/invitations").json()["items"]
        assert [(one["id"], one["email"]) for one in listed] == [(offer, guest)]


def every_mail_came_once(hall: Hall, ledger: Ledger, killed: int) -> None:
    """Every acknowledged registration and invitation has its mail; doubled ones are recorded as such."""
    wait_until(lambda: not _due(hall), 60, "all mails to be out")
    for email in ledger.registered:
        assert hall.mails(email), f"{email} registered and got no mail"
    for _, guest in ledger.invited.values():
        assert hall.mails(guest), f"{guest} was invited and got no mail"
    notified = rows(hall, "notifications", "SELECT * FROM notifications")
    assert [(one["template"], one["reason"]) for one in notified if one["state"] == "failed"] == []
    unknown = [one for one in notified if one["outcome_unknown"]]
    assert len(unknown) <= killed, "at most one unknown outcome for each killed process"
    received = sum(len(hall.mails(one)) for one in _recipients(hall))
    assert len(notified) <= received <= len(notified) + len(unknown)


def _due(hall: Hall) -> list[dict[str, Any]]:
    return rows(hall, "notifications", "SELECT * FROM notifications WHERE state = 'requested'")


def _recipients(hall: Hall) -> set[str]:
    listed = hall.mailbox("/api/v1/messages", limit=100_000)["messages"]
    return {to["Address"] for message in listed for to in message["To"]}


def read_models_are_not_doubled(hall: Hall) -> None:
    """Each change stands in the audit trail once, each membership once, and nothing is parked."""
    trail = rows(hall, "organizations", "SELECT id FROM audit")
    assert max(Counter(row["id"] for row in trail).values(), default=0) <= 1
    for service in PRIVATE:
        assert rows(hall, service, "SELECT durable, subject, error FROM parked") == []


def all_hold(hall: Hall, ledger: Ledger, *, killed: int = 0) -> None:
    nothing_acknowledged_is_lost(hall, ledger)
    every_mail_came_once(hall, ledger, killed)
    streams_hold_every_event_once(hall)
    read_models_are_not_doubled(hall)
