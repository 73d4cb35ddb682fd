"""Every event ever written still loads: one stored example of each, as it stood in the table."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from kit.eventstore.mapper import PersonalMapper
from notifications.tests.world import EVENTS, World

FOLDER = Path(__file__).parent / "history"
EXAMPLES = sorted(FOLDER.glob("*.json"))
ID = UUID("0b5cad00-0000-5000-8000-000000000001")


def _stored(path: Path, version: int) -> StoredEvent:
    example = json.loads(path.read_text())
    return StoredEvent(ID, version, example["topic"], json.dumps(example["state"]).encode())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_stored_event_still_loads(world: World, path: Path) -> None:
    assert isinstance(world.app.mapper, PersonalMapper)
    event: Any = world.app.mapper.to_domain_event(_stored(path, 1))
    assert type(event) in EVENTS
    again = json.loads(bytes(world.app.mapper.to_stored_event(event).state))
    assert again == json.loads(path.read_text())["state"]


def test_there_is_an_example_of_every_event() -> None:
    assert {path.stem for path in EXAMPLES} == {event.TOPIC for event in EVENTS}


def test_a_stored_notification_loads_from_its_events(world: World) -> None:
    order = ("Requested", "OutcomeUnknown", "Sent")
    for version, name in enumerate(order, 1):
        world.app.recorder.insert_events([_stored(FOLDER / f"notifications.{name}.json", version)])
    mail: Any = world.app.repository.get(ID)
    assert (mail.template, mail.outcome_unknown, mail.ended) == ("member-joined", True, True)
    assert mail.organization_id == UUID("0b5cad00-0000-4000-8000-000000000003")
