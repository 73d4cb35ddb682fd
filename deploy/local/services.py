"""Our services as child processes: which there are, and the settings of each."""

import http.client
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.folder import VarFolder
from deploy.local.settings import ROOT
from deploy.secret_files import KNOW_THE_PORTALS_SECRET
from embedded import Process, Program

SERVICES = ("identity", "organizations", "platforms", "notifications", "portal")
_SMTP = "TRADEHALL_SMTP_"


@dataclass(frozen=True)
class Surroundings:
    """Where a service finds everything else."""

    nats_url: str
    public_url: str
    internal_url: str
    smtp_port: int
    environment: Mapping[str, str]
    """The runner's own; what a person has set there for a service goes through where we set nothing."""

    @property
    def sends(self) -> bool:
        """Whether mails go to a mail server that a person has named, and not to the mailbox."""
        return f"{_SMTP}HOST" in self.environment

    def mailbox(self) -> dict[str, str]:
        """The way to the mailbox, where mails go there."""
        there = {"HOST": "127.0.0.1", "PORT": str(self.smtp_port), "TLS": "off"}
        return {} if self.sends else {f"{_SMTP}{name}": value for name, value in there.items()}


class Service:
    """One replica of a service on a port of its own; the first is called as the service is."""

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

    def process(self, dsn: str, around: Surroundings) -> Process:
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

    def _environment(self, dsn: str, around: Surroundings) -> dict[str, str]:
        secrets = self._var.secrets
        secrets.secret(f"{self.name}-nats")
        ours = {
            "TRADEHALL_SERVICE_HOST": "127.0.0.1",
            "TRADEHALL_SERVICE_PORT": str(self.port),
            "TRADEHALL_POSTGRES_DSN_FILE": str(secrets.write(f"{self.name}-dsn", dsn)),
            "TRADEHALL_NATS_URL": around.nats_url,
            "TRADEHALL_NATS_PASSWORD_FILE": str(secrets.folder / f"{self.name}-nats"),
            "TRADEHALL_MASTER_KEY_FILE": str(secrets.master_key(self.name)),
            "TRADEHALL_PUBLIC_URL": around.public_url,
            "TRADEHALL_INTERNAL_URL": around.internal_url,
            **self._portal_secret(),
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
        return {**defaults, **theirs, **ours}

    def _portal_secret(self) -> dict[str, str]:
        """The secret of the portal's client: the provider and the portal read the same file."""
        if self.name not in KNOW_THE_PORTALS_SECRET:
            return {}
        self._var.secrets.secret("portal-client")
        return {"TRADEHALL_PORTAL_SECRET_FILE": str(self._var.secrets.folder / "portal-client")}


def numbered(name: str, number: int) -> str:
    """What the number-th of a name is called: as the name where it is the first."""
    return name if number == 1 else f"{name}-{number}"


def erasure_list(var: Path, environment: Mapping[str, str]) -> Path:
    """Where it is noted who was erased: TRADEHALL_ERASURE_LIST, or a file in a folder of its own."""
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
