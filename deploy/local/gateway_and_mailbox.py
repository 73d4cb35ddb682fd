"""The gateway and the mailbox as child processes."""

import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from deploy.gateway.caddyfile import Gateway, caddyfile
from deploy.local.folder import VarFolder
from deploy.local.services import answers, python_path
from deploy.local.settings import ROOT
from deploy.secret_files import write_private
from embedded import Process, Program
from embedded.binaries import caddy


class Caddy:
    """The gateway. Its port is a setting of the runner."""

    def __init__(self, var: VarFolder, bind: str, port: int, front_proxies: str = "") -> None:
        self._var = var
        self._bind = bind
        self._front_proxies = front_proxies
        self.port = port
        self.pages = var.folder("caddy")

    def process(self, services: Mapping[str, Sequence[str]]) -> Process:
        """The process in front of those services (name to host:port of each replica), ready to be started."""
        folder = self.pages
        configuration = folder / "Caddyfile"
        gateway = Gateway(
            bind=self._bind,
            port=self.port,
            services=services,
            assets=ROOT / "node_modules" / "swagger-ui-dist",
            pages=folder,
            access_log=self._var.log("access"),
        )
        write_private(configuration, caddyfile(gateway))
        return Process(
            Program(
                argv=(str(caddy()), "run", "--config", str(configuration), "--adapter", "caddyfile"),
                log=self._var.log("caddy"),
                environment={
                    "HOME": str(folder),
                    "XDG_CONFIG_HOME": str(folder / "config"),
                    "XDG_DATA_HOME": str(folder / "data"),
                    "TRADEHALL_FRONT_PROXIES": self._front_proxies,
                    "GOMEMLIMIT": "128MiB",
                    "GOGC": "50",
                },
                stop_signals=((signal.SIGTERM, 2.5),),
            )
        )

    @property
    def url(self) -> str:
        """For our own services on this machine."""
        return f"http://[{self._host}]:{self.port}" if ":" in self._host else f"http://{self._host}:{self.port}"

    @property
    def _host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._bind, self._bind)  # noqa: S104 - compared only

    def is_up(self) -> bool:
        """True when it listens, whatever the state of the services."""
        try:
            socket.create_connection((self._host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Mailbox:
    """The built-in mailbox on two ports of its own."""

    def __init__(self, var: VarFolder) -> None:
        self._var = var
        self.smtp_port = var.port("mailbox-smtp")
        self.http_port = var.port("mailbox-http")

    @property
    def url(self) -> str:
        """The address of its pages and its API."""
        return f"http://localhost:{self.http_port}"

    def process(self) -> Process:
        """The process, ready to be started."""
        return Process(
            Program(
                argv=(
                    *(sys.executable, "-m", "deploy.mailbox"),
                    *("--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port)),
                    *("--folder", str(self._var.folder("mailbox"))),
                ),
                log=self._var.log("mailbox"),
                environment={"PYTHONPATH": python_path(), "PATH": os.defpath, "MALLOC_ARENA_MAX": "2"},
                stop_signals=((signal.SIGTERM, 2.0),),
            )
        )

    def is_ready(self) -> bool:
        """True when it answers; SMTP listens before HTTP does."""
        return answers(self.http_port, "/livez")
