"""`tradehall bus-user`: subscriber accounts of downstream systems; each reads one organization's events."""

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

from contracts.nats_config import Subscriber
from contracts.streams import STREAMS
from deploy.cli.maintaining import maintaining
from deploy.cli.running import Running
from deploy.images.secrets import make as make_secrets
from deploy.local.bus import bus_configuration
from deploy.secret_files import write_private
from runtime.output import Json, output, stop

_TRIES = 50
_ACK_WAIT = 4.0  # seconds
bus_users = typer.Typer(
    no_args_is_help=True, help="Manage subscriber accounts: downstream systems that read an organization's events."
)


@bus_users.command()
def add(
    organization: Annotated[UUID, typer.Option(help="Id of the organization whose events it reads.")],
    as_json: Json = False,
) -> None:
    """Create a subscriber account, and print its name and password."""
    running = Running.found()
    reader, password = Subscriber(f"reader-{secrets.token_hex(4)}", organization), secrets.token_urlsafe(32)
    asyncio.run(create_consumers(running, [reader], STREAMS))
    running.bus_users.add(reader, password)
    _reload(running)
    if not running.contained:
        asyncio.run(_connect(running, reader, password))
    account = {
        **({} if running.contained else {"url": running.nats_url}),
        "user": reader.name,
        "password": password,
        "inbox_prefix": f"_INBOX_{reader.name}",
        "streams": {stream.name: reader.filter(context) for context, stream in STREAMS.items()},
    }
    output(as_json, account, (f"{name}: {value}" for name, value in account.items()))


@bus_users.command("list")
def list_them(as_json: Json = False) -> None:
    """List the subscriber accounts and their organizations."""
    found = [{"user": each.name, "organization": str(each.organization)} for each in Running.found().bus_users.all()]
    output(as_json, found, (f"{each['user']} reads {each['organization']}" for each in found))


@bus_users.command()
def remove(user: str, as_json: Json = False) -> None:
    """Delete a subscriber account. Takes effect at once; exits with 1 if there is none of that name."""
    running = Running.found()
    if not running.bus_users.remove(user):
        stop("There is no such user.")
    _reload(running)
    output(as_json, {"removed": user}, [f"{user} deleted"])


def _reload(running: Running) -> None:
    """Make the bus read its users anew; in containers, restart the bus yourself."""
    if running.contained:
        make_secrets(running.secrets)
        return
    text = bus_configuration(running.var, running.facts["postgres_dsn"], running.ports["nats"])
    write_private(running.var / "nats" / "nats.conf", text)
    os.kill(running.facts["pids"]["nats"], signal.SIGHUP)


async def _connect(running: Running, reader: Subscriber, password: str) -> None:
    """Return when the server, which reads its configuration asynchronously, knows the user."""
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
    stop(f"The bus refuses {reader.name}: see {running.var / 'log' / 'nats.log'}.")


async def _quiet(_: Exception) -> None:
    """Errors are expected: the connection is tried again."""


async def create_consumers(running: Running, readers: list[Subscriber], contexts: Iterable[str]) -> None:
    """Create a durable pull consumer for each, which its user cannot turn into one that pushes elsewhere.

    One message in flight, as for the services: with more, a redelivered message would be overtaken.
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
