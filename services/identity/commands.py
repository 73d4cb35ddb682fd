"""What an operator types: `python -m identity` serves, `python -m identity rotate-keys` renews the signing keys."""

from datetime import UTC, datetime

import typer

from identity.application.signing_keys import NewKey, SigningKeys
from identity.assembly import SCHEMA
from identity.main import NAME, build
from identity.settings import Settings
from kit.database import opened
from kit.keys import MasterKey
from kit.service import serve
from kit.service_keys import ServiceKeys

app = typer.Typer(add_completion=False, help="Tradehall's identity service.")


@app.callback(invoke_without_command=True)
def identity(context: typer.Context) -> None:
    """Serve until SIGTERM, where no command is given."""
    if context.invoked_subcommand is None:
        settings = Settings.load()
        serve(build(settings), NAME, settings)


@app.command("rotate-keys")
def rotate_keys() -> None:
    """Publish new signing keys; they begin to sign in two minutes, and the old ones go on verifying.

    Needs the settings of the service, and no restart of it. Run again, it names the keys that wait.
    """
    for key in rotated(Settings.load()):
        typer.echo(f"{key.algorithm} {key.kid} signs from {key.active_from.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


def rotated(settings: Settings) -> list[NewKey]:
    """The keys that sign next."""
    database = opened(settings.postgres_dsn, SCHEMA)
    try:
        keys = SigningKeys(database, ServiceKeys(database, MasterKey(settings.master_key)), lambda: datetime.now(UTC))
        return keys.rotate()
    finally:
        database.close()
