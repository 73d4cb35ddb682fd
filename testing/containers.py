"""The same servers out of public images instead of wheels, for tests run with TRADEHALL_TEST_SERVERS=containers."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from testcontainers.core.container import DockerContainer

from embedded.nats import Nats
from embedded.postgres import NO_SYNC, Postgres
from testing.waiting import wait_until

POSTGRES_IMAGE = "postgres:18"
NATS_IMAGE = "nats:2-alpine"
LABEL = "tradehall-test-run"
"""What every container bears, its value TRADEHALL_TEST_RUN, so that those of a run that broke can be found."""


def container(
    image: str,
    ports: tuple[int, int],
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    files: Mapping[Path, str] | None = None,
    account: str | None = None,
) -> DockerContainer:
    """Started: a port of 127.0.0.1 leads to one inside, paths of this machine are seen at those inside."""
    made = DockerContainer(image, labels={LABEL: os.environ.get("TRADEHALL_TEST_RUN", "")}, user=account)
    made.with_command(list(command))
    outer, inner = ports
    # The method for it takes no address, and would let other machines in.
    made.ports[str(inner)] = ("127.0.0.1", outer)  # type: ignore[assignment]
    for name, value in (environment or {}).items():
        made.with_env(name, value)
    for path, inside in (files or {}).items():
        made.with_volume_mapping(str(path), inside, "rw")
    return made.start()


class PostgresContainer(Postgres):
    """PostgreSQL of the public image; its data go when it ends."""

    def __init__(self) -> None:
        super().__init__(fsync=False)
        self._container: DockerContainer | None = None

    def start(self) -> str:
        settings = {**NO_SYNC, "max_connections": "200", "jit": "off"}
        self._container = container(
            POSTGRES_IMAGE,
            (self.port, 5432),
            ["postgres", *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))],
            environment={"POSTGRES_PASSWORD": self._admin_password},
        )
        wait_until(self.is_ready, 60, "PostgreSQL in its container")
        return self.admin_dsn

    def is_ready(self) -> bool:
        # Its set-up listens on no port, so that this is the server itself.
        assert self._container is not None
        return self._container.exec(["pg_isready", "--quiet", "--host=127.0.0.1"]).exit_code == 0

    def stop(self) -> None:
        if self._container is not None:
            self._container.stop()


class NatsContainer(Nats):
    """nats-server of the public image; its store is a folder of this machine, as that of the embedded one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._container: DockerContainer | None = None

    def start(self) -> str:
        self.prepare()
        self._container = container(
            NATS_IMAGE,
            (self.port, 4222),
            ["--config", "/nats.conf", "--addr", "0.0.0.0", "--port", "4222", "--store_dir", "/store"],
            files={self.folder / "nats.conf": "/nats.conf", self.store: "/store"},
            account=f"{os.getuid()}:{os.getgid()}",
        )
        wait_until(self.is_ready, 30, "nats-server in its container")
        return self.url

    def stop(self) -> None:
        if self._container is not None:
            self._container.stop()
            self._container = None
