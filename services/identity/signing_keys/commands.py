"""The command that rotates the signing keys."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC

import typer

from identity.signing_keys.service import SigningKeys
from runtime.output import Json, say


def add_key_commands(app: typer.Typer, opened: Callable[[], AbstractContextManager[SigningKeys]]) -> None:
    @app.command("rotate-keys")
    def rotate_keys(as_json: Json = False) -> None:
        """Publish new signing keys. They sign from two minutes later on; the old keys still verify.

        Needs the settings of the service, and no restart of it. If new keys wait already, the command lists them.
        """
        with opened() as keys:
            new = keys.rotate()
        answer = [{"algorithm": key.algorithm, "kid": key.kid, "from": key.active_from.isoformat()} for key in new]
        lines = [
            f"{key.algorithm} {key.kid} signs from {key.active_from.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            for key in new
        ]
        say(as_json, answer, "\n".join(lines))
