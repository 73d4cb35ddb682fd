"""docker-compose.yml, run for real: a project of its own, with its own ports, secrets and volumes."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from embedded import free_port
from tests.images import ROOT, WITHOUT_STANDIN


@cache
def program() -> list[str]:
    """`docker compose`, or docker-compose where that is not there."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


class Composition:
    """One project; `environment` is all it takes to speak of it to another process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    @classmethod
    def new(cls, folder: Path) -> "Composition":
        """On free ports, with secrets below that folder."""
        ports = {f"TRADEHALL_{name}PORT": str(free_port()) for name in ("", "MAILBOX_", "NATS_", "GRAFANA_")}
        project = {"COMPOSE_PROJECT_NAME": f"tradehall-test-{os.getpid()}", "TRADEHALL_TAG": "test"}
        project["COMPOSE_PROFILES"] = "dashboards"
        return cls({**os.environ, **ports, **project, "TRADEHALL_SECRETS": str(folder / "secrets")})

    @property
    def info(self) -> dict[str, Any]:
        """What the journeys need of local.json."""
        return {
            "url": f"http://localhost:{self.environment['TRADEHALL_PORT']}",
            "mailbox_url": f"http://localhost:{self.environment['TRADEHALL_MAILBOX_PORT']}",
        }

    @property
    def secrets(self) -> Path:
        """The folder of the secrets."""
        return Path(self.environment["TRADEHALL_SECRETS"])

    @property
    def services(self) -> list[str]:
        """All that run, but those whose image nothing provides here."""
        return sorted(set(self.run("config", "--services").split()) - {"tradehall"} - WITHOUT_STANDIN)

    def run(self, *arguments: str) -> str:
        """A command of compose; its output."""
        return self._output([*program(), *arguments])

    def make(self, target: str, **variables: str) -> str:
        """A target of the Makefile; its output."""
        given = [f"{name}={value}" for name, value in variables.items()]
        return self._output(["make", "--no-print-directory", target, *given], within=1800)

    def operate(self, *arguments: str, options: tuple[str, ...] = (), said: str | None = None) -> str:
        """What the operator's program answers in its container; `said` is its standard input."""
        return self._output([*program(), "run", "--rm", "-T", *options, "tradehall", *arguments], said)

    def inspected(self, service: str) -> dict[str, Any]:
        """What Docker says of the container of a service."""
        identity = self.run("ps", "-q", service).strip()
        found: list[dict[str, Any]] = json.loads(self._output(["docker", "inspect", identity]))
        return found[0]

    def healthy(self, service: str) -> bool:
        """Whether its health check says so."""
        return bool(self.inspected(service)["State"]["Health"]["Status"] == "healthy")

    def down(self) -> None:
        """Ends it, and leaves nothing but images."""
        self.run("down", "--volumes", "--remove-orphans", "--timeout", "10")
        shutil.rmtree(self.secrets, ignore_errors=True)

    def _output(self, command: list[str], said: str | None = None, within: float = 300) -> str:
        answer = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            input=said,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
        assert answer.returncode == 0, f"{command}: {answer.stderr[-4000:]}"
        return answer.stdout
