"""What is derived from the event store: the read models, and the stream on the bus."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from kit.eventstore.rebuild import rebuild
from kit.eventstore.store import Store
from kit.operations.answers import Answer
from runtime.actions.definition import Action
from runtime.output import progress

if TYPE_CHECKING:  # slow to import
    from runtime.stream_comparison import StreamComparison


class RebuiltViews(Answer):
    """How many events were applied, and how many rows of each table were corrected."""

    events: int
    differing: dict[str, int]

    def lines(self) -> Iterator[str]:
        rows = ", ".join(f"{count} rows of {table}" for table, count in self.differing.items())
        yield f"{self.events} events; {f'corrected: {rows}' if rows else 'no differences'}"


def _rebuild_views(store: Store) -> RebuiltViews:
    """Rebuild the read models beside the live ones, and replace those that differ. The service may run meanwhile."""
    with progress() as bar:
        task = bar.add_task("Applying events", total=store.recorder.max_notification_id() or 0)
        done = rebuild(store, progress=lambda reached: bar.update(task, completed=reached))
    return RebuiltViews(**asdict(done))


class ComparedStream(Answer):
    """The comparison of a stream with its event store (`kit.messaging.stream_verification.Verdict`)."""

    stream: str
    sound: bool
    messages: int
    erased: int
    waiting: int
    missing: list[str]
    different: list[str]
    unknown: list[str]

    @property
    def failed(self) -> bool:
        return not self.sound

    def lines(self) -> Iterator[str]:
        wrong = {"missing": self.missing, "different": self.different, "unknown": self.unknown}
        named = ", ".join(f"{len(ids)} {what}, such as {ids[0]}" for what, ids in wrong.items() if ids)
        counts = f"{self.messages} messages in {self.stream}, {self.erased} erased, {self.waiting} waiting"
        yield f"{counts}; {named or 'all as stored'}"


def _verify_stream(stream: "StreamComparison") -> ComparedStream:
    """Compare the stream with the event store by count and hash. Exits with 1 if they differ."""
    with progress() as bar:
        task = bar.add_task("Comparing", total=None)
        verdict = stream.verdict(lambda place, last: bar.update(task, completed=place, total=last))
    return ComparedStream(stream=stream.name, sound=verdict.sound, **asdict(verdict))


REBUILD_VIEWS = Action("views-rebuild", _rebuild_views)
VERIFY_STREAM = Action("stream-verify", _verify_stream, bus=True)
