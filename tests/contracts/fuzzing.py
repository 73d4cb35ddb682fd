"""Schemathesis against a running Tradehall: configuration, principals and operations."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import SystemDriver
from tests.contracts.world import World

HERE = Path(__file__).parent
TAKING_AWAY = {
    "change_platform",
    "delete_organization",
    "remove_api_credentials",
    "remove_member",
    "remove_platform",
    "set_api_credentials",
}
"""What they are asked of must not be what the others need."""


@contextmanager
def system() -> Iterator[tuple[World, Path]]:
    """A Tradehall with simulators, and the folder that it is in."""
    with temporary_folder() as var, Tradehall(var, demo=True) as tradehall:
        driver = SystemDriver(tradehall.info)
        yield World(driver), var
        driver.close()


def unexpected(var: Path) -> list[str]:
    """What the services have logged as errors of ours."""
    lines = (line for path in sorted((var / "log").glob("*.log")) for line in path.read_text().splitlines())
    return [line for line in lines if '"unexpected error"' in line]


def narrowed(document: Any, things: dict[str, list[Any]], spare: dict[str, list[Any]]) -> Any:
    """The document in which parameters in paths, by name, are things that are there: nothing else would be found."""
    for path, item in document["paths"].items():
        parts = path.split("/")
        for operation in item.values():
            chosen = {**things, **(spare if operation["operationId"] in TAKING_AWAY else {})}
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                if parameter["in"] == "path":
                    parameter.pop("example")
                    key = parts[parts.index(f"{{{name}}}") - 1] if name == "id" else name
                    if key in chosen:
                        parameter["schema"] = {**parameter["schema"], "enum": chosen[key]}
    return document


def keyless(document: Any) -> Any:
    """The document without Idempotency-Key: a repeated one gives an answer that told of what is removed by now."""
    for item in document["paths"].values():
        for operation in item.values():
            given = operation.get("parameters", [])
            operation["parameters"] = [each for each in given if each["name"] != "Idempotency-Key"]
    return document


def run(world: World, folder: Path, *arguments: str, narrow: bool = True) -> subprocess.CompletedProcess[str]:
    """Schemathesis with tests/contracts/schemathesis.toml, as an administrator who is operator, too; of things that
    are there already, or else of what it makes."""
    document = folder / "openapi.json"
    whole = world.driver.http.get("/openapi.json").json()
    document.write_text(json.dumps(narrowed(whole, things(world), spare(world)) if narrow else keyless(whole)))
    who = {"info": world.driver.info, "email": world.ada.email, "password": world.ada.password}
    program, config = Path(sys.executable).with_name("schemathesis"), HERE / "schemathesis.toml"
    return subprocess.run(
        [program, "--config-file", config, "run", document, "--url", world.driver.url, *arguments],
        cwd=HERE.parents[1],
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.contracts.authentication_hook",
            "SCHEMATHESIS_PERSON": json.dumps(who),
            "PYTHONPATH": str(HERE.parents[1]),
        },
        capture_output=True,
        text=True,
    )


def things(world: World) -> dict[str, list[Any]]:
    _, _, token = world.invite()
    return {
        "org": [world.organization],
        "platform": [world.platform],
        "login": [world.login()],
        "user": [world.member()],
        "token": [token],
        "clients": [world.client["id"]],
        "secret": [world.client["secrets"][0]["id"]],
        "invitations": [world.invite()[0]],
        "sessions": [str(uuid4())],
    }


def spare(world: World) -> dict[str, list[Any]]:
    organization = world.made("/organizations", name="Spare")["id"]
    platform = world.made(f"/organizations/{organization}/platforms", name="MT5", kind="mt5")["id"]
    return {"org": [organization], "platform": [platform], "user": [world.ada.id]}
