"""The bus of one machine: its configuration, and its subscriber accounts."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self
from uuid import UUID

from contracts.nats_config import MAINTAINER, OBSERVER, Cluster, Subscriber, nats_configuration
from deploy.secret_files import CONTAINERS_MODE, write_private

BUS_USERS = "bus-users.json"


class BusUsers:
    """The subscriber accounts; their passwords are among the secrets."""

    def __init__(self, var: Path) -> None:
        self.file = var / BUS_USERS
        self._secrets, self._mode = var / "secrets", 0o600

    @classmethod
    def of_containers(cls, secrets: Path) -> Self:
        """The list is among the secrets, too; so that `make secrets` finds it."""
        users = cls(secrets)
        users._secrets, users._mode = secrets, CONTAINERS_MODE
        return users

    def all(self) -> list[Subscriber]:
        """In the order in which they were added."""
        if not self.file.exists():
            return []
        return [
            Subscriber(name, UUID(organization)) for name, organization in json.loads(self.file.read_text()).items()
        ]

    def add(self, reader: Subscriber, password: str) -> None:
        write_private(self._password_file(reader.name), password, self._mode)
        self._write([*self.all(), reader])

    def remove(self, name: str) -> bool:
        """Whether there was one of that name."""
        left = [reader for reader in self.all() if reader.name != name]
        found = len(left) < len(self.all())
        self._write(left)
        if found:
            self._password_file(name).unlink(missing_ok=True)
        return found

    def passwords(self) -> Mapping[Subscriber, str]:
        return {reader: self._password_file(reader.name).read_text() for reader in self.all()}

    def _password_file(self, name: str) -> Path:
        return self._secrets / f"bus-user-{name}"

    def _write(self, readers: Iterable[Subscriber]) -> None:
        text = json.dumps({reader.name: str(reader.organization) for reader in readers})
        write_private(self.file, text, self._mode)


def bus_configuration(
    var: Path, services: Iterable[str], port: int, name: str = "nats", cluster: Cluster | None = None
) -> str:
    """What the nats-server of that name reads, with the passwords that are in the folder."""
    users = (*services, OBSERVER, MAINTAINER)
    return nats_configuration(
        port=port,
        host="127.0.0.1",
        store_dir=str(var / name / "store"),
        passwords={user: (var / "secrets" / f"{user}-nats").read_text() for user in users},
        readers=BusUsers(var).passwords(),
        cluster=cluster,
    )
