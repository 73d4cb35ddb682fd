"""Examples of the operations of operators, the same for every service."""

from contracts.nats_config import SERVICES
from contracts.streams import STREAMS, consumers_of
from deploy.gateway.examples.invented import ADA, DEAD_LETTER, EARLIER, MAIL, NOW, Example, page


def _of(service: str) -> dict[str, Example]:
    durable = consumers_of(service)[0]
    read = durable.stream.owner
    message = {
        "durable": durable.name,
        "source": f"/{read}/1",
        "subject": ADA,
        "sequence": 42,
        "type": f"tradehall.{read}.SomethingHappened.v1",
    }
    reason = "Made by hand for a test; nobody waits for it"
    logged = {"id": 3, "at": NOW, "actor": ADA, "action": "discarded", **message, "reason": reason}
    dead_letter = {
        "id": DEAD_LETTER,
        **message,
        "payload": '{"specversion":"1.0"}',
        "error": "MalformedEvent: source: Field required",
        "attempts": 3,
        "parked_at": EARLIER,
    }
    overview = {
        "service": service,
        "ready": True,
        "health": {"database": "ok", "loop": "ok", "bus": "ok"},
        "published": {
            "stream": STREAMS[service].name,
            "messages": 86,
            "bytes": 86002,
            "position": 356,
            "waiting": 0,
            "waiting_since": None,
        },
        "reading": [{"durable": durable.name, "pending": 0, "in_hand": 0}],
        "dead_letters": 1,
        "parked": 1,
    }
    return {
        f"overview_of_{service}": Example(overview),
        f"list_operator_log_of_{service}": Example(page(logged)),
        f"list_interventions_of_{service}": Example(page(logged)),
        f"list_dead_letters_of_{service}": Example(page(dead_letter)),
        f"replay_dead_letter_of_{service}": Example({"replayed": 1}),
        f"discard_dead_letter_of_{service}": Example(body={"reason": reason}),
        f"list_parked_of_{service}": Example(page(dead_letter)),
        f"replay_parked_of_{service}": Example({"replayed": 1}),
        f"discard_parked_of_{service}": Example(body={"reason": reason}),
    }


_MAIL = {
    "id": MAIL,
    "template": "registration",
    "cause": "identity-1-176",
    "user_id": ADA,
    "invitation_id": None,
    "organization_id": None,
    "state": "sent",
    "attempts": 1,
    "reason": None,
    "outcome_unknown": False,
    "requested_at": EARLIER,
    "ended_at": EARLIER,
    "due_at": None,
}

EXAMPLES = {
    **{name: example for service in SERVICES for name, example in _of(service).items()},
    "list_mails": Example(page(_MAIL), query={"state": "sent"}),
    "unlock_user": Example(),
}
