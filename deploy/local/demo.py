"""The MetaTrader simulators as one child process: to try Tradehall without a broker's licence."""

import json
import signal
import sys
from typing import Any

from deploy.local.folder import VarFolder
from deploy.local.services import python_path
from embedded import Process, Program

_API_OF = {"mt5-webapi": "mt5_tcp", "mt5-rest": "mt5_https", "mt4-web": "mt4_web"}
"""From the names in local.json to those that the simulators print."""


class Simulators:
    """Ports and the certificate are remembered between starts."""

    def __init__(self, var: VarFolder) -> None:
        self._log = var.log("demo")
        folder = var.folder("demo")
        self._places = folder / "places.json"  # not the log: it says the password
        self._places.unlink(missing_ok=True)
        ports = {name: var.port(f"demo-{name}") for name in ("tcp", "https", "mt4")}
        self._options = [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
        self._options += ["--folder", str(folder)]

    def process(self) -> Process:
        """The process, ready to be started."""
        return Process(
            Program(
                argv=(sys.executable, "-m", "metatrader.simulator", *self._options),
                log=self._log,
                environment={"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"},
                stop_signals=((signal.SIGTERM, 2.0),),
            )
        )

    def is_ready(self) -> bool:
        """True once the simulators have written their addresses."""
        return self._said() is not None

    @property
    def places(self) -> dict[str, Any]:
        """Host, port, login, password and ca_pem of each, under the names that `api` has for a platform."""
        said = self._said() or {}
        return {api: {k: v for k, v in said[name].items() if v is not None} for api, name in _API_OF.items()}

    def _said(self) -> dict[str, Any] | None:
        """The addresses that they wrote when they began to listen."""
        return json.loads(self._places.read_text()) if self._places.exists() else None
