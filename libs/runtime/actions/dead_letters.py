"""Dead letters: messages that could not be applied, and those behind them."""

from typing import Annotated

import typer

from kit.errors import NotFound
from kit.operations.answers import Answer
from kit.operations.dead_letters import DeadLetterList, DeadLetters, ReplayReport
from runtime.actions.definition import Action, Group
from runtime.output import progress

_AT_MOST = 1_000
GROUP = Group("dead-letters", "List, replay and discard messages that could not be applied.", old_name="parked")


def _list(letters: DeadLetters) -> DeadLetterList:
    """List dead letters, oldest first and at most 1,000, without their contents."""
    return DeadLetterList.of_rows(letters.after(0, _AT_MOST))


def _replay(
    letters: DeadLetters, subject: Annotated[str | None, typer.Option(help="Only this aggregate's messages.")] = None
) -> ReplayReport:
    """Apply dead letters again, in order. Exits with 1 if one fails again; it and those behind it stay."""
    with progress() as bar:
        return letters.replay_all(subject, lambda blocked: bar.track(blocked, description="Replaying"))


class Discarded(Answer):
    """Whether there was such a dead letter."""

    discarded: bool

    @property
    def failed(self) -> bool:
        return not self.discarded

    def lines(self) -> list[str]:
        return ["discarded" if self.discarded else "there is no such dead letter"]


def _discard(
    letters: DeadLetters,
    dead_letter_id: Annotated[int, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Reason, for the operator log.")],
) -> Discarded:
    """Delete a dead letter permanently, so that those behind it can be replayed. Exits with 1 if there is none."""
    try:
        letters.discard(dead_letter_id, reason)
    except NotFound:
        return Discarded(discarded=False)
    return Discarded(discarded=True)


LIST = Action("list", _list, GROUP)
REPLAY = Action("replay", _replay, GROUP, bus=True)
DISCARD = Action("discard", _discard, GROUP)
