"""`python -m tests.upgrades.make`: keeps data of the present release for the tests of all later ones."""

import gzip
import subprocess
import sys
from pathlib import Path

import psycopg

from deploy.cli.manifest import release
from deploy.cli.postgres_programs import program, reaching
from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import SystemDriver
from testing.waiting import wait_until
from tests.recovery.operator_cli import answer
from tests.upgrades.expected_data import Expected, work


def main() -> int:
    """The exit code."""
    folder = Path(__file__).with_name(release())
    if folder.exists():
        print(f"{folder} exists: data of a release are never made again", file=sys.stderr)
        return 1
    with temporary_folder() as temporary:
        var = temporary / "var"
        with Tradehall(var) as system:
            driver = SystemDriver(system.info)
            expected = work(driver)
            answer(var, "person", "erase", expected.erased.email, "--yes")
            wait_until(lambda: _settled(var), 60, "all services to have heard of everything")
            folder.mkdir()
            for name, dsn in system.info["postgres_dsn"].items():
                (folder / f"{name}.sql.gz").write_bytes(gzip.compress(_dump(dsn), 9, mtime=0))
                (folder / f"{name}-master-key").write_text((var / "secrets" / f"{name}-master-key").read_text())
            events = {name: _events(dsn) for name, dsn in system.info["postgres_dsn"].items()}
            whole = Expected(**{**expected.model_dump(), "events": events})
            (folder / "expected.json").write_text(whole.model_dump_json(indent=2) + "\n")
            driver.close()
    print(f"{folder}: {sum(path.stat().st_size for path in folder.iterdir()):,} bytes")
    return 0


def _settled(var: Path) -> bool:
    return all(one["sound"] and not one["waiting"] for one in answer(var, "streams", "verify"))


def _dump(dsn: str) -> bytes:
    argv = (program("pg_dump"), "--no-owner", "--no-acl")
    return subprocess.run(argv, env=reaching(dsn), capture_output=True, check=True).stdout


def _events(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    sys.exit(main())
