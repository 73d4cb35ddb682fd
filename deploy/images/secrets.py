"""`python -m deploy.images.secrets FOLDER`: make the missing secrets of the containers."""

import sys
from pathlib import Path

from contracts.nats_config import MAINTAINER, OBSERVER, nats_configuration
from contracts.nats_config import SERVICES as ON_THE_BUS
from deploy.images import NATS_PORT, NATS_STORE, POSTGRES
from deploy.local.bus import BUS_USERS, BusUsers
from deploy.secret_files import CONTAINERS_MODE, Secrets
from deploy.service_settings import SERVICES


class FolderIsOpen(Exception):
    """Other accounts can enter the folder, and read the secrets."""


def make(folder: Path) -> None:
    """Make every missing secret, and the files that follow from them; raises FolderIsOpen."""
    if folder.stat().st_mode & 0o077:
        raise FolderIsOpen(f"others can enter {folder.name}/: chmod 700 it, then try again")
    secrets = Secrets(folder, CONTAINERS_MODE)
    for name in ("postgres-admin", "portal-client", "grafana-admin", "grafana-key"):
        secrets.secret(name)
    secrets.file("smtp-password", "")  # a mail server's, which its operator writes here
    for service in SERVICES:
        password = secrets.secret(f"{service}-postgres")
        secrets.write(f"{service}-dsn", f"postgresql://{service}:{password}@{POSTGRES}/{service}")
        secrets.master_key(service)
    secrets.file(BUS_USERS, "{}")
    configuration = nats_configuration(
        port=NATS_PORT,
        host="0.0.0.0",  # noqa: S104 - of the container
        store_dir=NATS_STORE,
        passwords={user: secrets.secret(f"{user}-nats") for user in (*ON_THE_BUS, OBSERVER, MAINTAINER)},
        readers=BusUsers.of_containers(folder).passwords(),
    )
    secrets.write("nats.conf", configuration)


def main() -> int:
    """The exit code."""
    try:
        make(Path(sys.argv[1]))
    except (FolderIsOpen, OSError) as error:
        print(f"The secrets could not be made: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
