"""Commands for what is derived from the event store: the read models, and the stream on the bus."""

from dataclasses import asdict

import typer
from anyio.from_thread import BlockingPortal
from rich.progress import Progress

from kit.eventstore.rebuild import ErasedDuringRebuild, rebuild
from kit.messaging.stream_verification import Verdict, compared, entries, expected, fetched, last_place
from runtime.command_service import AnyService, Opened
from runtime.output import Json, connected, progress, say, stop


def add_copy_commands(app: typer.Typer, opened: Opened) -> None:
    @app.command("views-rebuild")
    def views_rebuild(as_json: Json = False) -> None:
        """Rebuild the read models, and replace those that differ. The service may run meanwhile."""
        with opened() as service, progress() as bar:
            task = bar.add_task("Applying events", total=service.store.recorder.max_notification_id() or 0)
            try:
                done = rebuild(service.store, progress=lambda reached: bar.update(task, completed=reached))
            except ErasedDuringRebuild as error:
                stop(error.title)
        wrong = ", ".join(f"{count} of {table}" for table, count in done.differing.items())
        say(as_json, asdict(done), f"{done.events} events; rows corrected: {wrong or 'none'}")

    @app.command("stream-verify")
    def stream_verify(as_json: Json = False) -> None:
        """Compare the stream with the event store by count and hash. Exits with 1 if they differ."""
        with opened() as service, connected(service.bus) as portal, progress() as bar:
            if not service.bus.connected:
                stop("The bus is unreachable.")
            verdict = _verdict(service, portal, bar)
        answer = {"stream": service.stream.name, "sound": verdict.sound, **asdict(verdict)}
        say(as_json, answer, f"{service.stream.name}: {verdict}")
        raise typer.Exit(0 if verdict.sound else 1)


def _verdict(service: AnyService, portal: BlockingPortal, bar: Progress) -> Verdict:
    jetstream, stream_name = service.bus.jetstream, service.stream.name
    last = portal.call(last_place, jetstream, stream_name)
    task = bar.add_task("Comparing", total=last)
    stream = entries(
        last,
        lambda place: portal.call(fetched, jetstream, stream_name, place, last),
        lambda place: bar.update(task, completed=place),
    )
    return compared(expected(service.store, service.publications.message), stream)
