"""The running system as the operator's program finds it: in the folder `var/`, or in containers beside it."""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from deploy.cli import service_commands
from deploy.images import NATS_PORT, SERVICE_PORT
from deploy.local.bus import BusUsers
from deploy.local.services import python_path
from deploy.local.settings import RunnerSettings
from deploy.service_settings import ON_THE_BUS, SERVICES, known, secret_paths

_RESTARTED_WITHIN = 30.0  # seconds


class NotRunning(Exception):
    """Nothing runs in that folder, or the command cannot be done there. Its text is shown to the operator."""


@dataclass(frozen=True)
class Printed:
    """What a service's command printed: its exit code, its JSON (None without any), and its error output."""

    code: int
    result: Any
    error: str


@dataclass(frozen=True)
class Running:
    """`facts` is local.json, `ports` the ports of the parts by name.

    `contained`: this program is in a container beside the services', and `var` is the folder of the secrets.
    `own_settings` are for commands of services, in place of those of the system.
    """

    var: Path
    facts: dict[str, Any]
    ports: dict[str, int]
    contained: bool = False
    own_settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def found(cls) -> Self:
        """In TRADEHALL_VAR, by default `var/`, or among containers; raises NotRunning."""
        if secrets := os.environ.get("TRADEHALL_CONTAINED"):
            return cls.in_containers(Path(secrets), os.environ)
        var = RunnerSettings.from_environment(os.environ).var
        try:
            facts = json.loads((var / "local.json").read_text())
            return cls(var, facts, json.loads((var / "ports.json").read_text()))
        except FileNotFoundError:
            raise NotRunning(
                f"Tradehall does not run on {var}: start it with `make run`, or set TRADEHALL_VAR"
            ) from None

    @classmethod
    def in_containers(cls, secrets: Path, environment: Mapping[str, str]) -> Self:
        """The services of docker-compose.yml, by their names; `secrets` is the folder that holds theirs."""
        port = environment.get("TRADEHALL_GATEWAY_PORT")
        facts = {
            "url": environment.get("TRADEHALL_PUBLIC_URL") or f"http://localhost:{port}",
            "nats_url": f"nats:{NATS_PORT}",
            "postgres_dsn": {name: (secrets / f"{name}-dsn").read_text() for name in SERVICES},
            "erasure_list": environment.get("TRADEHALL_ERASURE_LIST", ""),
        }
        return cls(secrets, facts, {"mailbox-smtp": 1025}, contained=True)

    @classmethod
    def stopped(cls, var: Path, settings: Mapping[str, str]) -> Self:
        """A system that does not run, for commands that need the database alone, with these settings."""
        facts = {"url": "http://localhost", "nats_url": "@127.0.0.1:1", "postgres_dsn": {}, "erasure_list": "unused"}
        return cls(var, facts, {"mailbox-smtp": 1}, own_settings=settings)

    @property
    def services(self) -> list[str]:
        """The services on the bus that were started."""
        return [name for name in ON_THE_BUS if name in self.facts["postgres_dsn"]]

    @property
    def nats_url(self) -> str:
        """The bus, without a user."""
        return f"nats://{self.facts['nats_url'].rpartition('@')[2]}"

    @property
    def secrets(self) -> Path:
        """The folder of the secrets."""
        return self.var if self.contained else self.var / "secrets"

    @property
    def bus_users(self) -> BusUsers:
        """The downstream systems."""
        return BusUsers.of_containers(self.var) if self.contained else BusUsers(self.var)

    def secret(self, name: str) -> str:
        """A secret of the installation."""
        return (self.secrets / name).read_text().strip()

    def address(self, service: str) -> str:
        """host:port of the service itself, behind the gateway."""
        return f"{service}:{SERVICE_PORT}" if self.contained else f"127.0.0.1:{self.ports[service]}"

    def restart(self, service: str) -> None:
        """Stop a service, which the runner then starts again; returns when it is ready. Raises NotRunning."""
        old = self._pid(service)
        os.kill(old, signal.SIGTERM)
        until = time.monotonic() + _RESTARTED_WITHIN
        while self._pid(service) == old or not self.ready(service)[0]:
            if time.monotonic() > until:
                raise NotRunning(f"{service} did not become ready again: see {self.var / 'log' / f'{service}.log'}")
            time.sleep(0.1)

    def _pid(self, service: str) -> int:
        return int(json.loads((self.var / "local.json").read_text())["pids"][service])

    def ready(self, service: str) -> tuple[bool, dict[str, str]]:
        """Whether a service is ready, and the state of its parts."""
        try:
            answer = httpx2.get(f"http://{self.address(service)}/readyz", timeout=3)
            return answer.status_code == 200, answer.json()
        except (httpx2.HTTPError, ValueError):
            return False, {"process": "does not answer"}

    def run(self, service: str, *arguments: str, **variables: str) -> Printed:
        """Run a command of a service, with the service's own settings and `variables`."""
        done = service_commands.run(
            service,
            (*arguments, "--json"),
            {**os.environ, **self.settings(service), **variables},
            shows_errors=sys.stderr.isatty(),  # its progress bar is for the terminal
        )
        return Printed(done.code, json.loads(done.output) if done.output else None, done.error.strip())

    def settings(self, service: str) -> dict[str, str]:
        """The environment of a service's own commands."""
        settings = {
            "TRADEHALL_SERVICE_PORT": "0",
            "TRADEHALL_NATS_URL": self.nats_url,
            "TRADEHALL_PUBLIC_URL": self.facts["url"],
            "TRADEHALL_INTERNAL_URL": self.facts["url"],
            "TRADEHALL_SMTP_HOST": "127.0.0.1",
            "TRADEHALL_SMTP_PORT": str(self.ports["mailbox-smtp"]),
            "TRADEHALL_SMTP_TLS": "off",
            "TRADEHALL_MAIL_FROM": "Tradehall <no-reply@tradehall.example>",
            "TRADEHALL_ERASURE_LIST": self.facts["erasure_list"],
            **secret_paths(service, self.secrets),
            "PYTHONPATH": python_path(),
            **self.own_settings,
        }
        return known(service, settings)
