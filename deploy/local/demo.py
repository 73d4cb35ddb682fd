"""The simulators of the installed connectors as one child process: to try Tradehall without a broker's licence."""

import json
import signal
import sys
from typing import Any

from deploy.local.folder import VarFolder
from deploy.local.services import python_path
from embedded import Process, Program


class Simulators:
    """Ports and the certificate are kept between starts."""

    def __init__(self, var: VarFolder) -> None:
        from platforms.simulators import PLACES, simulated  # only the demo needs the connectors

        self._log = var.log("demo")
        folder = var.folder("demo")
        self._places = folder / PLACES
        self._places.unlink(missing_ok=True)
        ports = [f"{connector.name}={var.port(f'demo-{connector.name}')}" for connector in simulated()]
        self._arguments = (str(folder), *ports)

    def process(self) -> Process:
        """The process, ready to be started."""
        return Process(
            Program(
                argv=(sys.executable, "-m", "platforms.simulators", *self._arguments),
                log=self._log,
                environment={"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"},
                stop_signals=((signal.SIGTERM, 2.0),),
            )
        )

    def is_ready(self) -> bool:
        """True once the simulators have written their addresses."""
        return self._places.exists()

    @property
    def places(self) -> dict[str, Any]:
        """The values of the credential form that signs in, by the name of the connector."""
        return json.loads(self._places.read_text())  # type: ignore[no-any-return]
