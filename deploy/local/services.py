"""Our services as child processes, each with the environment of its settings."""

import http.client
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.folder import VarFolder
from deploy.local.settings import ROOT
from deploy.service_settings import SERVICES, known, secret_paths, secrets_of
from embedded import Process, Program

_SMTP = "TRADEHALL_SMTP_"


@dataclass(frozen=True)
class ServiceEnvironment:
    """Addresses that a service needs."""

    nats_url: str
    public_url: str
    internal_url: str
    smtp_port: int
    environment: Mapping[str, str]
    """The runner's own; settings of a service in it are passed on, unless the runner sets them."""

    @property
    def sends(self) -> bool:
        """Whether mails go to a mail server that the environment names, and not to the mailbox."""
        return f"{_SMTP}HOST" in self.environment

    def mailbox(self) -> dict[str, str]:
        """The settings of the mailbox, unless there is a mail server."""
        there = {"HOST": "127.0.0.1", "PORT": str(self.smtp_port), "TLS": "off"}
        return {} if self.sends else {f"{_SMTP}{name}": value for name, value in there.items()}


class Service:
    """One replica of a service on a port of its own; the first has the name of the service."""

    def __init__(self, name: str, var: VarFolder, number: int = 1) -> None:
        self.name = name
        self.label = numbered(name, number)
        self.port = var.port(self.label)
        self._var = var
        self._log = var.log(self.label)

    @property
    def address(self) -> str:
        """host:port, for the gateway only."""
        return f"127.0.0.1:{self.port}"

    def process(self, dsn: str, around: ServiceEnvironment) -> Process:
        """The process, ready to be started."""
        return Process(
            Program(
                argv=(sys.executable, "-m", self.name),
                log=self._log,
                environment=self._environment(dsn, around),
                stop_signals=((signal.SIGTERM, 4.0),),
            )
        )

    def is_ready(self) -> bool:
        """True when its /readyz says so."""
        return answers(self.port, "/readyz")

    def _environment(self, dsn: str, around: ServiceEnvironment) -> dict[str, str]:
        self._make_secrets(dsn)
        ours = {
            "TRADEHALL_SERVICE_HOST": "127.0.0.1",
            "TRADEHALL_SERVICE_PORT": str(self.port),
            "TRADEHALL_NATS_URL": around.nats_url,
            "TRADEHALL_PUBLIC_URL": around.public_url,
            "TRADEHALL_INTERNAL_URL": around.internal_url,
            **secret_paths(self.name, self._var.secrets.folder),
            **around.mailbox(),
            "PYTHONPATH": python_path(),
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        self._var.folder("erasures")
        set_by_us = {name.removesuffix("_FILE") for name in ours}
        theirs = {
            name: value
            for name, value in around.environment.items()
            if name.removesuffix("_FILE") not in set_by_us and (around.sends or not name.startswith(_SMTP))
        }
        defaults = {
            "TRADEHALL_PRIVATE_NETWORKS": "allowed",
            "TRADEHALL_REGISTRATION": "open",
            "TRADEHALL_FIRST_OPERATOR": "true",
            "TRADEHALL_ERASURE_LIST": str(erasure_list(self._var.path, around.environment)),
            "TRADEHALL_MAIL_FROM": "Tradehall <no-reply@tradehall.example>",
        }
        return known(self.name, {**defaults, **theirs, **ours})

    def _make_secrets(self, dsn: str) -> None:
        """The files that the service reads, made where they are missing."""
        secrets = self._var.secrets
        secrets.write(f"{self.name}-dsn", dsn)
        secrets.master_key(self.name)
        for file in secrets_of(self.name).values():
            secrets.secret(file)


def numbered(name: str, number: int) -> str:
    """The name of a replica: `identity`, `identity-2`, ..."""
    return name if number == 1 else f"{name}-{number}"


def erasure_list(var: Path, environment: Mapping[str, str]) -> Path:
    """The erasure log: TRADEHALL_ERASURE_LIST, or a file in a folder of its own."""
    chosen = environment.get("TRADEHALL_ERASURE_LIST")
    return Path(chosen).absolute() if chosen else var / "erasures" / "erased.txt"


def python_path() -> str:
    """Where our packages are imported from."""
    return ":".join(str(ROOT / part) for part in ("libs", "services", "."))


def built_services(root: Path = ROOT) -> list[str]:
    """The services whose program is there."""
    return [name for name in SERVICES if (root / "services" / name / "__main__.py").exists()]


def answers(port: int, path: str) -> bool:
    """True when a GET on that port of 127.0.0.1 gives 200 within two seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
