"""What an operator types: `python -m SERVICE` serves; its commands mend messages, read models, stream and keys."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from anyio.from_thread import BlockingPortal, start_blocking_portal
from rich.console import Console
from rich.progress import Progress, track

from kit.db.database import Database
from kit.eventstore.rebuild import ForgottenMeanwhile, rebuild
from kit.eventstore.store import Store
from kit.messaging.bus import Bus
from kit.messaging.inbox import Inbox
from kit.messaging.relay import Translate
from kit.messaging.stream_verification import Verdict, compared, expected, fetched, held, last_place
from kit.security.keys import MasterKey
from kit.security.service_keys import rewrapped
from privacy.export import Holder, held_command
from privacy.post_restore import Ends, PostRestore, restored_command

Keys = tuple[Database, MasterKey]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@dataclass(frozen=True)
class Tools:
    """What the commands of a service work with. `forget` erases a person here, where they are known; `ends` is what
    must not outlive a restore."""

    store: Store
    master: MasterKey
    bus: Bus
    stream: str
    publish: Translate
    inboxes: Sequence[Inbox]
    forget: Callable[[UUID], object]
    ends: Ends = field(default_factory=dict)


Opened = Callable[[], AbstractContextManager[Tools]]
"""The tools, while the service's database is open."""

_CONNECT_SECONDS = 3.0
_COLUMNS = ("id", "durable", "source", "subject", "sequence", "type", "error", "attempts", "parked_at")


def commands(name: str, serve: Callable[[], None], tools: Opened) -> typer.Typer:
    """The command line of a service on the bus; needs the service's settings, whether it runs or not."""

    @contextmanager
    def keys() -> Iterator[Keys]:
        with tools() as opened:
            yield opened.store.database, opened.master

    @contextmanager
    def restoring() -> Iterator[PostRestore]:
        with tools() as opened:
            yield PostRestore(opened.store.database, opened.ends, opened.forget, opened.store)

    app = shell(name, serve, keys, restoring)
    app.add_typer(_parked(tools), name="parked")
    _of_copies(app, tools)
    return app


def shell(
    name: str,
    serve: Callable[[], None],
    keys: Callable[[], AbstractContextManager[Keys]],
    restoring: Callable[[], AbstractContextManager[PostRestore]],
) -> typer.Typer:
    """The command line of any service."""
    app = typer.Typer(add_completion=False, help=f"Tradehall's {name} service.")

    @app.callback(invoke_without_command=True)
    def _serve(context: typer.Context) -> None:
        """Serve until SIGTERM, where no command is given."""
        if context.invoked_subcommand is None:
            serve()

    @app.command("rewrap-keys")
    def rewrap_keys(as_json: Json = False) -> None:
        """Wrap all keys under the first master key of the file; may be stopped and started again.

        Put the new master key first in the file, restart the service, run this, then take the old one out.
        """
        with keys() as (database, master):
            done = rewrapped(database, master)
        told = {"rewrapped": done, "master_key": master.current_id}
        _say(as_json, told, f"{done} keys are now wrapped under {master.current_id}")

    @contextmanager
    def holding() -> Iterator[Holder]:
        with restoring() as opened:
            yield Holder(opened.database, opened.store)

    restored_command(app, restoring)
    held_command(app, holding)
    return app


def _of_copies(app: typer.Typer, tools: Opened) -> None:
    @app.command("views-rebuild")
    def views_rebuild(as_json: Json = False) -> None:
        """Build the read models again beside the live ones, and put them in their place where they differ."""
        with tools() as opened, _progress() as bar:
            task = bar.add_task("Applying events", total=opened.store.recorder.max_notification_id() or 0)
            try:
                done = rebuild(opened.store, progress=lambda reached: bar.update(task, completed=reached))
            except ForgottenMeanwhile as error:
                _stop(error.title)
        wrong = ", ".join(f"{count} of {table}" for table, count in done.differing.items())
        _say(as_json, asdict(done), f"{done.events} events; rows that were wrong: {wrong or 'none'}")

    @app.command("stream-verify")
    def stream_verify(as_json: Json = False) -> None:
        """Compare the stream with the store, by count and hash; exits with 1 where it is not what it should be."""
        with tools() as opened, connected(opened.bus) as portal, _progress() as bar:
            if not opened.bus.connected:
                _stop("The bus is out of reach.")
            verdict = _verdict(opened, portal, bar)
        told = {"stream": opened.stream, "sound": verdict.sound, **asdict(verdict)}
        _say(as_json, told, f"{opened.stream}: {verdict}")
        raise typer.Exit(0 if verdict.sound else 1)


def _verdict(tools: Tools, portal: BlockingPortal, bar: Progress) -> Verdict:
    jetstream = tools.bus.jetstream
    last = portal.call(last_place, jetstream, tools.stream)
    task = bar.add_task("Comparing", total=last)
    stream = held(
        last,
        lambda place: portal.call(fetched, jetstream, tools.stream, place, last),
        lambda place: bar.update(task, completed=place),
    )
    return compared(expected(tools.store, tools.publish), stream)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal, transient=True)


def _say(as_json: bool, told: Any, text: str) -> None:
    typer.echo(json.dumps(told) if as_json else text)


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


@contextmanager
def connected(bus: Bus) -> Iterator[BlockingPortal]:
    """The bus running beside a command whose handlers may ask others; one that is away is not waited for long."""
    with start_blocking_portal() as portal:
        running = portal.start_task_soon(bus.run)
        try:
            _wait_for(bus)
            yield portal
        finally:
            running.cancel()


def _wait_for(bus: Bus) -> None:
    until = time.monotonic() + _CONNECT_SECONDS
    while not bus.connected and time.monotonic() < until:
        time.sleep(0.02)


Reason = Annotated[str, typer.Option(help="Why, for the record of what operators did.")]


def _parked(tools: Opened) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled, and those behind them.")

    @app.command("list")
    def _list(as_json: Json = False) -> None:
        """Those set aside, oldest first, without their contents."""
        with tools() as opened:
            rows = [{name: row[name] for name in _COLUMNS} for inbox in opened.inboxes for row in inbox.parked()]
        if as_json:
            typer.echo(json.dumps(rows, default=str))
        for row in [] if as_json else rows:
            typer.echo(f"{row['id']:>6}  {row['durable']}  {row['type']}  of {row['subject']}: {row['error']}")

    @app.command()
    def replay(
        subject: Annotated[str | None, typer.Option(help="Only this aggregate's messages.")] = None,
        as_json: Json = False,
    ) -> None:
        """Apply them again in order; exits with 1 where one fails again, which then stays with those behind it."""
        with tools() as opened, connected(opened.bus):
            replayed, failed = _replayed(opened.inboxes, subject)
        if as_json:
            typer.echo(json.dumps({"replayed": replayed, "failed": failed}))
        else:
            typer.echo(f"{replayed} replayed")
            for one in failed:
                typer.echo(f"{one['subject']} fails again: {one['error']}")
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def discard(parked_id: Annotated[int, typer.Argument(metavar="ID")], reason: Reason, as_json: Json = False) -> None:
        """Drop one for good, so that those behind it can be replayed; exits with 1 where there is none."""
        with tools() as opened:
            found = any(inbox.discard(parked_id, reason) for inbox in opened.inboxes)
        said = "discarded" if found else "no such message is parked"
        typer.echo(json.dumps({"discarded": found}) if as_json else said)
        raise typer.Exit(0 if found else 1)

    return app


def _replayed(inboxes: Sequence[Inbox], subject: str | None) -> tuple[int, list[dict[str, Any]]]:
    """How many were applied, and the aggregates that fail again."""
    waiting = [
        (inbox, place)
        for inbox in inboxes
        for place in inbox.parked_subjects()
        if subject is None or place.subject == subject
    ]
    before = sum(place.messages for _, place in waiting)
    failed: list[dict[str, Any]] = []
    console = Console(stderr=True)
    for inbox, place in track(waiting, "Replaying", console=console, disable=not console.is_terminal, transient=True):
        try:
            inbox.replay(place.source, place.subject)
        except Exception as error:  # whatever it is, the other aggregates are replayed
            failed.append(
                {"durable": inbox.durable, "subject": place.subject, "error": f"{type(error).__name__}: {error}"}
            )
    seen = {(id(inbox), place.source, place.subject) for inbox, place in waiting}
    after = sum(
        place.messages
        for inbox in inboxes
        for place in inbox.parked_subjects()
        if (id(inbox), place.source, place.subject) in seen
    )
    return before - after, failed
