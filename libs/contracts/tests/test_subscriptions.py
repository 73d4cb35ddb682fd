"""A table of handlers: each event has its own, in the order in which they subscribed."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.identity import UserErased, UserRenamed
from contracts.organizations import OrgRenamed
from contracts.subscriptions import Subscriptions


def table(log: list[str], **handlers: Any) -> Subscriptions:
    """Handlers by name, which log it, and the event that each is for."""
    made = Subscriptions()
    for name, event in handlers.items():
        made.on(event, lambda _, name=name: log.append(name))  # type: ignore[misc]
    return made


def test_all_handlers_of_an_event_are_called_in_order_and_no_others() -> None:
    log: list[str] = []
    made = table(log, a=UserRenamed, b=OrgRenamed, c=UserRenamed)
    made.include(table(log, d=UserRenamed, e=UserErased))
    for event, called in ((UserRenamed, ["a", "c", "d"]), (OrgRenamed, ["b"]), (UserErased, ["e"])):
        made[event](object())  # type: ignore[arg-type]
        assert log == called
        log.clear()


def test_a_table_names_its_events() -> None:
    made = table([], a=UserRenamed, b=UserRenamed, c=OrgRenamed)
    assert (list(made), len(made)) == ([UserRenamed, OrgRenamed], 2)
    assert UserErased not in made
    with pytest.raises(KeyError):
        made[UserErased]


def test_an_included_table_stays_as_it_was() -> None:
    log: list[str] = []
    included = table(log, a=UserRenamed)
    made = Subscriptions()
    made.include(included)
    made.on(UserRenamed, lambda _: log.append("b"))
    included[UserRenamed](uuid4())  # type: ignore[arg-type]
    assert log == ["a"]
