"""The command that makes a user an operator."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import typer

from identity.operators.service import Operators
from identity.users.domain import UnknownUser
from runtime.output import Json, say, stop


def add_operator_commands(app: typer.Typer, opened: Callable[[], AbstractContextManager[Operators]]) -> None:
    @app.command("operator-add")
    def operator_add(email: str, as_json: Json = False) -> None:
        """Make a registered user an operator of this installation; exits with 1 if no user has this address."""
        with opened() as operators:
            try:
                user_id = operators.add(email)
            except UnknownUser:
                stop("Nobody has registered with that address.")
        say(as_json, {"user_id": str(user_id)}, f"{user_id} is an operator")
