"""`python -m tests.containers`: the tests of delivery, stores and report databases, on servers in containers."""

import os
import subprocess
import sys

from platforms.tests.mariadb_container import MARIADB_IMAGE
from testing.containers import LABEL, NATS_IMAGE, POSTGRES_IMAGE
from tests.images import ROOT, provide

TESTS = (
    "libs/kit/tests/test_delivery.py",
    "libs/kit/tests/test_store.py",
    "libs/kit/tests/test_rate_limiter.py",
    "libs/access",
    "services/platforms/connectors/report_database/tests/test_db_checks.py",
    "services/platforms/accounts/tests/test_reading.py",
)


def main() -> int:
    """The exit code of the tests; no container is left."""
    provide({POSTGRES_IMAGE: "postgres", NATS_IMAGE: "nats", MARIADB_IMAGE: "mariadb"})
    run = str(os.getpid())
    # The container that testcontainers starts to tidy up after a broken run is one image more; we do it ourselves.
    wanted = {"TRADEHALL_TEST_SERVERS": "containers", "TRADEHALL_TEST_RUN": run, "TESTCONTAINERS_RYUK_DISABLED": "true"}
    tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS, *sys.argv[1:]]
    try:
        return subprocess.run(tests, cwd=ROOT, env={**os.environ, **wanted}, check=False).returncode
    finally:
        _remove(run)


def _remove(run: str) -> None:
    listed = ["docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}={run}"]
    left = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    if left:
        subprocess.run(["docker", "rm", "--force", "--volumes", *left], capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
