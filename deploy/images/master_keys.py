"""`python -m deploy.images.master_keys begin|end FOLDER SERVICE`: what `make master-key` does to the secrets."""

import sys
from pathlib import Path

from deploy.cli.master_keys import begin_renewal, end_renewal
from deploy.secret_files import CONTAINERS_MODE
from deploy.service_settings import SERVICES

_STEPS = {"begin": begin_renewal, "end": end_renewal}


def main(step: str, folder: Path, service: str) -> None:
    """Run the step; exits with a message for an unknown service."""
    if service not in SERVICES:
        sys.exit(f"{service or 'nothing'} is no service: give SERVICE=NAME, one of {', '.join(SERVICES)}")
    _STEPS[step](folder, service, CONTAINERS_MODE)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
