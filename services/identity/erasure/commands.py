"""Commands that find a user and erase their personal data."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from identity.erasure.checked import CheckedErasure
from kit.errors import Refusal
from runtime.output import Json, say, stop

AddressOrId = Annotated[str, typer.Argument(metavar="WHO", help="The user's e-mail address or id.")]


def add_erasure_commands(app: typer.Typer, opened: Callable[[], AbstractContextManager[CheckedErasure]]) -> None:
    @app.command("find-person")
    def find_person(
        who: AddressOrId,
        to_erase: Annotated[
            bool, typer.Option("--to-erase", help="Exit with 1 if an organization would lose its only administrator.")
        ] = False,
        as_json: Json = False,
    ) -> None:
        """Find a user by e-mail address or id."""
        with opened() as erasures, _refusals_printed():
            found = erasures.find(who, to_erase=to_erase)
        say(as_json, {"user_id": str(found.id), "email": found.email}, f"{found.id} {found.email}")

    @app.command("erase")
    def erase(who: AddressOrId, as_json: Json = False) -> None:
        """Erase a user's personal data in every service, and report what identity destroyed.

        Needs the settings of the service, which must be running, and TRADEHALL_ERASURE_LIST. `tradehall person erase`
        reports on all services.
        """
        with opened() as erasures, _refusals_printed():
            report = erasures.erase(who)
        typer.echo(json.dumps(asdict(report), default=str) if as_json else str(report))


@contextmanager
def _refusals_printed() -> Iterator[None]:
    try:
        yield
    except (Refusal, OSError) as error:
        stop(str(error))
