"""The runner's folder `var/`: its lock, its layout, its secrets and its ports."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.secret_files import Secrets, write_private
from embedded import EmbeddedError, Postgres, free_port
from embedded.folders import make_folder

_LEAST_FREE = 500 * 1024 * 1024
"""Bytes that must be free at start: PostgreSQL and NATS stop hard on a full disk."""


class VarFolder:
    """Everything Tradehall keeps on this machine. Used between `lock` and `unlock`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def local_json(self) -> Path:
        """The file with the addresses of the running system."""
        return self.path / "local.json"

    def lock(self) -> None:
        """Make the folder and lock it; raises EmbeddedError when it cannot be used."""
        try:
            make_folder(self.path)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = (self.path / "lock").read_text().strip() or "unknown"
            self._release()
            raise EmbeddedError(
                f"Tradehall already runs on {self.path} (process {holder}): stop it first, or set "
                "TRADEHALL_VAR and TRADEHALL_PORT to run a second one"
            ) from None
        except OSError as error:
            raise EmbeddedError(
                f"{self.path} cannot be written ({error.strerror}): make it writable for this account, "
                "or set TRADEHALL_VAR to another folder"
            ) from error
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())
        self.local_json.unlink(missing_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < _LEAST_FREE:
            self.unlock()
            raise EmbeddedError(
                f"only {free // 2**20} MB are free where {self.path} is: free at least "
                f"{_LEAST_FREE // 2**20} MB, or set TRADEHALL_VAR to a folder on another disk"
            )

    def unlock(self) -> None:
        """Remove local.json and unlock; does nothing when another process holds the lock."""
        if self._lock is not None:
            self.local_json.unlink(missing_ok=True)
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def folder(self, name: str, mode: int = 0o700) -> Path:
        """A folder in it, made when missing."""
        return make_folder(self.path / name, mode)

    def log(self, name: str) -> Path:
        """A fresh log file; the last run's is kept beside it."""
        path = self.folder("log") / f"{name}.log"
        if path.exists():
            path.rename(path.with_suffix(".log.1"))
        path.touch(0o600)
        return path

    @property
    def secrets(self) -> Secrets:
        """The secrets of this system."""
        return Secrets(self.folder("secrets"))

    def port(self, name: str) -> int:
        """A free port, the same as at the last start when that one is still free."""
        path = self.path / "ports.json"
        try:
            known = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            known = {}
        port = free_port(known.get(name))
        if known.get(name) != port:
            write_private(path, json.dumps({**known, name: port}))
        return port

    def announce(self, facts: Mapping[str, Any]) -> None:
        """Write local.json atomically."""
        write_private(self.local_json, json.dumps(facts, indent=2) + "\n")


def postgres_in(var: VarFolder) -> Postgres:
    """The PostgreSQL of that folder, which is locked, ready to be prepared and started."""
    return Postgres(
        var.folder("postgres", 0o711),
        var.port("postgres"),
        log=var.log("postgres"),
        admin_password=var.secrets.secret("postgres-admin"),
    )
