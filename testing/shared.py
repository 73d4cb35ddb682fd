"""One running Tradehall for all processes of a test run: the first that needs it starts it; it stops after the last.

Each user holds a shared lock on a file; `python -m testing.keeper` runs the system, and stops it when it gets the lock
for itself. The lock of a process that dies is released, so that nothing is left of a run that is killed.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path
from typing import Any, Self

from testing.programs import Program, Programs
from testing.waiting import wait_until

_START_WITHIN = 90.0  # seconds, beside two other busy processes


@dataclass(frozen=True)
class Shared:
    """The system: its addresses as in local.json, its data folder, and the programs in which users sign in."""

    info: dict[str, Any]
    folder: Path
    programs: Programs

    @property
    def openapi(self) -> Path:
        """The document that the gateway serves."""
        return self.folder / "caddy" / "openapi.json"

    def write(self, run: Path) -> None:
        unfinished = run / "system.new"
        facts = {"info": self.info, "folder": str(self.folder), "programs": asdict(self.programs)}
        unfinished.write_text(json.dumps(facts))
        unfinished.rename(facts_of(run))

    @classmethod
    def read(cls, run: Path) -> Self:
        facts = json.loads(facts_of(run).read_text())
        known: Mapping[str, Any] = facts["programs"]
        programs = Programs(**{name: Program(**program) for name, program in known.items()})
        return cls(facts["info"], Path(facts["folder"]), programs)


def facts_of(run: Path) -> Path:
    """Where the system of a run is described while it runs."""
    return run / "system.json"


def users_of(run: Path) -> Path:
    """The file that each user of the system has locked."""
    return run / "system.users"


@contextmanager
def shared(run: Path) -> Iterator[Shared]:
    """The system of a run, by the folder that all its processes share."""
    with users_of(run).open("a") as users:
        flock(users, LOCK_SH)
        with (run / "system.start").open("a") as starting:
            flock(starting, LOCK_EX)
            if not facts_of(run).exists():
                _start(run)
        yield Shared.read(run)


def _start(run: Path) -> None:
    log = run / "system.log"
    with log.open("w") as output:
        # In a session of its own, because Ctrl-C is for pytest; the lock tells it when to stop.
        keeper = subprocess.Popen(
            (sys.executable, "-m", "testing.keeper", str(run)),
            cwd=Path(__file__).parents[1],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    wait_until(lambda: facts_of(run).exists() or keeper.poll() is not None, _START_WITHIN, "the system of this run")
    assert keeper.poll() is None, log.read_text()
