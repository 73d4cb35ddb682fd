"""`tradehall streams` and `tradehall views`: what is derived from the event stores."""

import asyncio
import time
from contextlib import suppress

import nats.js.errors
import typer
from nats.js import JetStreamContext

from contracts.streams import STREAMS
from deploy.cli.actions import ByService, Listed, OneService, of_chosen
from deploy.cli.bus_users import create_consumers
from deploy.cli.maintaining import maintaining
from deploy.cli.output import ask, chosen, in_turn
from deploy.cli.running import Running
from runtime.actions.copies import REBUILD_VIEWS, VERIFY_STREAM
from runtime.output import Json, output, progress, stop

streams = typer.Typer(no_args_is_help=True, help="Verify and rebuild the streams on the bus.")
views = typer.Typer(no_args_is_help=True, help="Rebuild the read models of the services.")

_STALLED_AFTER = 30.0  # seconds


streams.command("verify")(of_chosen(VERIFY_STREAM, Listed))
views.command("rebuild")(of_chosen(REBUILD_VIEWS, ByService, in_turn))


@streams.command()
def rebuild(service: OneService, as_json: Json = False) -> None:
    """Delete a stream, wait until its owner has refilled it, and verify it.

    Commands go on meanwhile. Tradehall's consumers drop what they have seen; others must create their consumers again.
    """
    running = Running.found()
    chosen(running, [service])
    before = ask(running, service, VERIFY_STREAM)
    events = before.messages + before.erased + before.waiting + len(before.missing) - len(before.unknown)
    asyncio.run(_refilled(running, service, events))
    after = ask(running, service, VERIFY_STREAM)
    output(as_json, after.as_json(), after.lines())
    raise typer.Exit(1 if after.failed else 0)


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
