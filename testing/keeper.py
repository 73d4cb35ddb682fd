"""`python -m testing.keeper FOLDER`: runs the system of a test run while a process has locked its file of users."""

import os
import sys
from fcntl import LOCK_EX, flock
from pathlib import Path

from deploy.local import Tradehall
from embedded import temporary_folder
from testing.programs import Programs
from testing.shared import Shared, facts_of, users_of


def main(run: Path) -> None:
    """Start it, write where it is, and stop it after the last user has left."""
    programs = Programs()
    # Nobody becomes operator by being the first: tests run in any order.
    environment = {**os.environ, "TRADEHALL_FIRST_OPERATOR": "false", **programs.environment}
    with (
        temporary_folder() as folder,
        Tradehall(folder, environment=environment, demo=True) as system,
        users_of(run).open("a") as users,
    ):
        Shared(system.info, folder, programs).write(run)
        flock(users, LOCK_EX)
        facts_of(run).unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
