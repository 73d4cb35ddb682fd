"""What an operator types: `python -m identity` serves, `rotate-keys` renews the signing keys, `erase`
forgets people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from identity.container import SCHEMA
from identity.erasure import command as erasing
from identity.main import NAME, build, tools
from identity.operators.service import Operators
from identity.people.domain import UnknownUser
from identity.settings import Settings
from identity.signing_keys.service import NewKey, SigningKeys
from kit.db.migrations import opened
from kit.errors import Refusal
from kit.security.keys import MasterKey
from kit.security.service_keys import ServiceKeys
from kit.service import serve
from runtime.cli import Json, commands

Who = Annotated[str, typer.Argument(help="The person's e-mail address or id.")]


def _serve() -> None:
    settings = Settings.load()
    serve(build(settings), NAME, settings)


app = commands(NAME, _serve, lambda: tools(Settings.load()))


@app.command("rotate-keys")
def rotate_keys(as_json: Json = False) -> None:
    """Publish new signing keys; they begin to sign in two minutes, and the old ones go on verifying.

    Needs the settings of the service, and no restart of it. Run again, it names the keys that wait.
    """
    keys = rotated(Settings.load())
    if as_json:
        typer.echo(
            json.dumps(
                [{"algorithm": key.algorithm, "kid": key.kid, "from": key.active_from.isoformat()} for key in keys]
            )
        )
    for key in [] if as_json else keys:
        typer.echo(f"{key.algorithm} {key.kid} signs from {key.active_from.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


@app.command("find-person")
def find_person(
    who: Who,
    to_erase: Annotated[bool, typer.Option("--to-erase", help="Refuse where others need them.")] = False,
    as_json: Json = False,
) -> None:
    """Whose address or id this is."""
    with _refusals_told():
        found = erasing.find(Settings.load(), who, to_erase=to_erase)
    told = {"user_id": str(found.id), "email": found.email}
    typer.echo(json.dumps(told) if as_json else f"{found.id} {found.email}")


@app.command("erase")
def erase(who: Who, as_json: Json = False) -> None:
    """Forget a person for good, in every service, and say what was destroyed here; `tradehall person erase` tells of
    all services.

    Needs the settings of the service, which must be running, and TRADEHALL_ERASURE_LIST.
    """
    with _refusals_told():
        report = erasing.erase(Settings.load(), who)
    typer.echo(json.dumps(asdict(report), default=str) if as_json else str(report))


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except (Refusal, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command("operator-add")
def operator_add(email: str, as_json: Json = False) -> None:
    """Make a registered person an operator of this installation; exits with 1 where nobody has that address."""
    settings = Settings.load()
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        user_id = Operators(database, ServiceKeys(database, MasterKey(settings.master_key))).add(email)
    except UnknownUser:
        typer.echo("Nobody has registered with that address.", err=True)
        raise typer.Exit(1) from None
    finally:
        database.close()
    typer.echo(json.dumps({"user_id": str(user_id)}) if as_json else f"{user_id} is an operator")


def rotated(settings: Settings) -> list[NewKey]:
    """The keys that sign next."""
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        keys = SigningKeys(database, ServiceKeys(database, MasterKey(settings.master_key)), lambda: datetime.now(UTC))
        return keys.rotate()
    finally:
        database.close()
