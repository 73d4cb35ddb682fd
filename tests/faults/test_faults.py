"""Each part killed, frozen or wiped in the middle of the quick start under load; then everything must hold."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from embedded.fixtures import wait_until
from tests.driver import Hall
from tests.faults.actors import Crowd, Ledger
from tests.faults.invariants import all_hold

pytestmark = pytest.mark.timeout(400)  # each of the waits below has its own, shorter limit
SERVICES = ("identity", "organizations", "notifications")
FROZEN_FOR = 6.0  # seconds: longer than a lease (3 s) and than a message is left with a consumer (4 s)


class Battered:
    """A system of its own for all faults, so that one leaves its traces to the next."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.system = Tradehall(var).start()
        self.hall = Hall(self.system.info)

    def healthy(self) -> bool:
        try:
            return self.hall.http.get("/health").status_code == 200
        except OSError:
            return False
        except Exception as error:
            return False if type(error).__module__.startswith("httpx") else _raise(error)

    def kill(self, name: str) -> None:
        """kill -9, then wait until the runner has brought it back."""
        old = self.system.pid(name)
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.system.pid(name) not in (0, old), 30, f"{name} to be restarted")

    def freeze(self, name: str) -> None:
        pid = self.system.pid(name)
        os.kill(pid, signal.SIGSTOP)
        resumed = time.monotonic() + FROZEN_FOR
        wait_until(lambda: time.monotonic() > resumed, FROZEN_FOR + 5)
        os.kill(pid, signal.SIGCONT)

    def wipe_nats(self) -> None:
        """The disk of the bus is lost: its store goes, then the process."""
        shutil.rmtree(self.var / "nats" / "store", ignore_errors=True)
        self.kill("nats")

    def recovered(self) -> None:
        wait_until(self.healthy, 60, "the system to be healthy again")


def _raise(error: Exception) -> bool:
    raise error


@pytest.fixture(scope="module")
def battered() -> Iterator[Battered]:
    with temporary_folder() as var:
        made = Battered(var)
        yield made
        made.hall.close()
        made.system.stop()


def _under_load(battered: Battered, fault: Callable[[], None]) -> Ledger:
    with Crowd(battered.hall) as ledger:
        wait_until(lambda: ledger.stories >= 2, 60, "the first stories")
        fault()
        battered.recovered()
        before = ledger.stories
        wait_until(lambda: ledger.stories >= before + 2, 90, "stories after the fault")
    return ledger


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_loses_and_doubles_nothing(battered: Battered, service: str) -> None:
    ledger = _under_load(battered, lambda: battered.kill(service))
    all_hold(battered.hall, ledger, killed=1)


@pytest.mark.parametrize("service", SERVICES)
def test_a_frozen_service_loses_and_doubles_nothing(battered: Battered, service: str) -> None:
    ledger = _under_load(battered, lambda: battered.freeze(service))
    all_hold(battered.hall, ledger, killed=1)


def test_a_bus_that_is_killed_and_wiped_is_refilled(battered: Battered) -> None:
    ledger = _under_load(battered, battered.wipe_nats)
    all_hold(battered.hall, ledger, killed=1)


def test_a_database_that_is_restarted_loses_nothing(battered: Battered) -> None:
    ledger = _under_load(battered, lambda: battered.kill("postgres"))
    all_hold(battered.hall, ledger, killed=1)
