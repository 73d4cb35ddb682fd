"""The cluster's processes and their current roles."""

import json
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import Tradehall
from deploy.local.services import answers, numbered
from testing.waiting import wait_until

SERVICES = ("identity", "organizations", "platforms", "notifications", "portal")
RELAYING = SERVICES[:-1]
BUS = ("nats", "nats-2", "nats-3")
_META_LEADER = re.compile(r"JetStream cluster new metadata leader: ([\w-]+)/")


class ClusterProcesses:
    """Processes of a running system by name."""

    def __init__(self, system: Tradehall, var: Path) -> None:
        self._system = system
        self._var = var
        self._ports: dict[str, int] = json.loads((var / "ports.json").read_text())

    def kill(self, name: str) -> None:
        os.kill(self._system.pid(name), signal.SIGKILL)

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        pids = [self._system.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def replaced(self, names: Iterable[str]) -> Iterator[None]:
        """What the block ends is back, and ready, when this returns."""
        old = {name: self._system.pid(name) for name in names}
        yield
        for name, pid in old.items():
            wait_until(lambda n=name, p=pid: self._system.pid(n) != p, 30, f"{name} to be started again")  # type: ignore[misc]
        for name in old:
            wait_until(lambda n=name: self.ready(n), 40, f"{name} to be ready")  # type: ignore[misc]

    def restart(self, *names: str) -> None:
        """Tell processes to end, as a roll-out does, and wait until their successors are ready."""
        with self.replaced(names):
            for name in names:
                os.kill(self._system.pid(name), signal.SIGTERM)

    def ready(self, name: str) -> bool:
        return answers(self._ports[name], "/readyz")

    def all_ready(self) -> bool:
        return all(self.ready(one) for name in SERVICES for one in replicas(name))

    def relaying(self, service: str) -> str:
        """The replica that took the relay's lease last."""
        taken = {
            name: self._lease_taken(name, f"lease relay-{service.upper()} is held here") for name in replicas(service)
        }
        return max(taken, key=lambda name: taken[name])

    def _lease_taken(self, name: str, said: str) -> str:
        lines = [line for line in self._log(name).splitlines() if said in line]
        return str(json.loads(lines[-1])["timestamp"]) if lines else ""

    def meta_leader(self) -> str:
        """The server of the bus that decides where streams are."""
        said = [(line[:40], found.group(1)) for name in BUS for line, found in self._found(name)]
        return max(said, key=lambda one: one[0].partition("] ")[2])[1]

    def _found(self, name: str) -> Iterator[tuple[str, re.Match[str]]]:
        for line in self._log(name).splitlines():
            if found := _META_LEADER.search(line):
                yield line, found

    def _log(self, name: str) -> str:
        return (self._var / "log" / f"{name}.log").read_text(errors="replace")


def replicas(service: str) -> tuple[str, str]:
    return service, numbered(service, 2)


def passed(seconds: float) -> None:
    """Let time pass in which what is frozen stays so."""
    until = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > until, seconds + 5)
