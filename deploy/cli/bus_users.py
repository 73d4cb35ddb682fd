"""`tradehall bus-user`: downstream systems, each with a user of the bus that reads one organization's events."""

import asyncio
import os
import secrets
import signal
from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import nats
import nats.errors
import typer
from nats.js.api import AckPolicy

from contracts.nats_config import Reader
from contracts.streams import STREAMS
from deploy.cli.asking import Json, stop, tell
from deploy.cli.maintaining import maintaining
from deploy.cli.running import Running
from deploy.images.secrets import make as make_secrets
from deploy.local.bus import bus_configuration
from deploy.secret_files import write_private

_TRIES = 50
_ACK_WAIT = 4.0  # seconds
bus_users = typer.Typer(no_args_is_help=True, help="Downstream systems that read an organization's events.")


@bus_users.command()
def add(
    organization: Annotated[UUID, typer.Option(help="Whose events it may read; the id of an organization.")],
    as_json: Json = False,
) -> None:
    """Let a downstream system in; tells its name and password."""
    running = Running.found()
    reader, password = Reader(f"reader-{secrets.token_hex(4)}", organization), secrets.token_urlsafe(32)
    asyncio.run(make_places(running, [reader], STREAMS))
    running.bus_users.add(reader, password)
    _reload(running)
    if not running.contained:
        asyncio.run(_let_in(running, reader, password))
    told = {
        **({} if running.contained else {"url": running.nats_url}),
        "user": reader.name,
        "password": password,
        "inbox_prefix": f"_INBOX_{reader.name}",
        "streams": {stream.name: reader.filter(context) for context, stream in STREAMS.items()},
    }
    tell(as_json, told, (f"{name}: {value}" for name, value in told.items()))


@bus_users.command("list")
def list_them(as_json: Json = False) -> None:
    """Who may read which organization's events."""
    found = [{"user": each.name, "organization": str(each.organization)} for each in Running.found().bus_users.all()]
    tell(as_json, found, (f"{each['user']} reads {each['organization']}" for each in found))


@bus_users.command()
def remove(user: str, as_json: Json = False) -> None:
    """Shut one out, at once; exits with 1 where there is none of that name."""
    running = Running.found()
    if not running.bus_users.remove(user):
        stop("There is no such user.")
    _reload(running)
    tell(as_json, {"removed": user}, [f"{user} is shut out"])


def _reload(running: Running) -> None:
    """Have the bus know its users; in containers, whoever runs this restarts it."""
    if running.contained:
        make_secrets(running.secrets)
        return
    text = bus_configuration(running.var, running.facts["postgres_dsn"], running.ports["nats"])
    write_private(running.var / "nats" / "nats.conf", text)
    os.kill(running.facts["pids"]["nats"], signal.SIGHUP)


async def _let_in(running: Running, reader: Reader, password: str) -> None:
    """Return when the server, which reads its configuration in its own time, knows the user."""
    for _ in range(_TRIES):
        try:
            connection = await nats.connect(
                running.nats_url, user=reader.name, password=password, allow_reconnect=False, error_cb=_quiet
            )
        except (nats.errors.Error, OSError):
            await asyncio.sleep(0.1)
        else:
            await connection.close()
            return
    stop(f"The bus does not let {reader.name} in: see {running.var / 'log' / 'nats.log'}.")


async def _quiet(_: Exception) -> None:
    """What fails is tried again."""


async def make_places(running: Running, readers: list[Reader], contexts: Iterable[str]) -> None:
    """A durable pull consumer for each, which its user cannot turn into one that pushes elsewhere.

    One message at a time, as for the services: with more under way, one that comes again is overtaken.
    """
    async with maintaining(running) as jetstream:
        for reader in readers:
            for context in contexts:
                await jetstream.add_consumer(
                    STREAMS[context].name,
                    name=reader.name,
                    durable_name=reader.name,
                    filter_subject=reader.filter(context),
                    ack_policy=AckPolicy.EXPLICIT,
                    max_ack_pending=1,
                    ack_wait=_ACK_WAIT,
                )
