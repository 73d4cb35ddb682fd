"""`tradehall streams` and `tradehall views`: what is derived from the event stores."""

import asyncio
import time
from contextlib import suppress
from typing import Annotated, Any

import nats.js.errors
import typer
from nats.js import JetStreamContext

from contracts.streams import STREAMS
from deploy.cli.bus_users import create_consumers
from deploy.cli.maintaining import maintaining
from deploy.cli.output import Json, Services, at_once, chosen, each, output, progress, result_of, stop
from deploy.cli.running import Running

streams = typer.Typer(no_args_is_help=True, help="Verify and rebuild the streams on the bus.")
views = typer.Typer(no_args_is_help=True, help="Rebuild the read models of the services.")

_STALLED_AFTER = 30.0  # seconds


@streams.command()
def verify(services: Services = None, as_json: Json = False) -> None:
    """Compare streams with event stores by count and hash. Exits with 1 if one differs."""
    running = Running.found()
    answers = at_once(chosen(running, services), "Comparing", lambda name: running.ask(name, "stream-verify"))
    verdicts = [result_of(answer) for answer in answers.values()]
    output(as_json, verdicts, map(_line, verdicts))
    raise typer.Exit(0 if all(one["sound"] for one in verdicts) else 1)


@streams.command()
def rebuild(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Service whose stream is rebuilt.")],
    as_json: Json = False,
) -> None:
    """Delete a stream, wait until its owner has refilled it, and verify it.

    Commands go on meanwhile. Tradehall's consumers drop what they have seen; others must create their consumers again.
    """
    running = Running.found()
    chosen(running, [service])
    before = result_of(running.ask(service, "stream-verify"))
    events = before["messages"] + before["erased"] + before["waiting"] + len(before["missing"]) - len(before["unknown"])
    asyncio.run(_refilled(running, service, events))
    after = result_of(running.ask(service, "stream-verify"))
    output(as_json, after, [_line(after)])
    raise typer.Exit(0 if after["sound"] else 1)


@views.command("rebuild")
def rebuild_views(services: Services = None, as_json: Json = False) -> None:
    """Rebuild the read models beside the live ones, and replace those that differ."""
    running = Running.found()
    done = {
        name: result_of(running.ask(name, "views-rebuild")) for name in each(chosen(running, services), "Rebuilding")
    }
    output(as_json, done, (f"{name}: {one['events']} events; {_wrong(one['differing'])}" for name, one in done.items()))


def _wrong(differing: dict[str, int]) -> str:
    rows = ", ".join(f"{count} rows of {table}" for table, count in differing.items())
    return f"corrected: {rows}" if rows else "no differences"


def _line(verdict: dict[str, Any]) -> str:
    wrong = ", ".join(
        f"{len(ids)} {what}, such as {ids[0]}" for what in ("missing", "different", "unknown") if (ids := verdict[what])
    )
    counts = ", ".join(f"{verdict[what]} {what}" for what in ("messages", "erased", "waiting"))
    return f"{verdict['stream']}: {counts}; {wrong or 'all as stored'}"


async def _refilled(running: Running, context: str, events: int) -> None:
    stream = STREAMS[context].name
    async with maintaining(running) as jetstream:
        with suppress(nats.js.errors.NotFoundError):
            await jetstream.delete_stream(stream)
        await _watch(jetstream, stream, events)
    await create_consumers(running, running.bus_users.all(), [context])


async def _watch(jetstream: JetStreamContext, stream: str, events: int) -> None:
    """Return when the stream holds so many messages; give up after half a minute without a new one."""
    with progress() as bar:
        task = bar.add_task(f"Refilling {stream}", total=events)
        held, moved = -1, time.monotonic()
        while held < events:
            try:
                now = (await jetstream.stream_info(stream)).state.messages
            except nats.js.errors.NotFoundError:
                now = 0
            if now != held:
                held, moved = now, time.monotonic()
                bar.update(task, completed=held)
            elif time.monotonic() - moved > _STALLED_AFTER:
                stop(f"{stream} is not refilled: its owner does not publish. See its log and `tradehall status`.")
            await asyncio.sleep(0.1)
