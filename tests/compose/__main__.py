"""`python -m tests.compose`: builds and starts docker-compose.yml, runs the tests that need only its addresses against
it, then restarts each container, and takes all down."""

import json
import subprocess
import sys
import time
from pathlib import Path

from embedded import temporary_folder
from testing.waiting import wait_until
from tests.compose import Composition
from tests.images import ROOT, of_the_composition, provide
from tests.journeys import healthy

TESTS = (
    "tests/compose/operator_steps.py",  # before anybody else registers
    "tests/journeys/test_quick_start.py",
    "tests/journeys/test_readme.py::test_the_readmes_quick_start_works",
    "tests/journeys/test_isolation.py",
    "tests/journeys/test_races.py",
    "tests/journeys/test_revocation.py",
    "tests/compose/restarts.py",
)


def main() -> int:
    """The exit code of the tests."""
    with temporary_folder() as folder:
        composition = Composition.new(folder)
        with _Phase("images"):
            provide(of_the_composition())
        try:
            return _tested(composition, folder)
        finally:
            with _Phase("down"):
                composition.down()


def _tested(composition: Composition, folder: Path) -> int:
    with _Phase("build and secrets"):
        composition.make("secrets")
    with _Phase("up"):
        composition.run("up", "--detach", *composition.services)
        wait_until(lambda: healthy(composition.info["url"]), 180, "the health of all services")
    addresses = folder / "running.json"
    addresses.write_text(json.dumps(composition.info))
    environment = composition.environment | {"TRADEHALL_RUNNING": str(addresses)}
    with _Phase("tests"):
        tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS]
        result = subprocess.run([*tests, *sys.argv[1:]], cwd=ROOT, env=environment, check=False).returncode
    if result:
        print(composition.run("logs", "--no-color", "--tail", "50"))
    return result


class _Phase:
    """Says how long a part took."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        print(f"{self._name}: {time.monotonic() - self._began:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
