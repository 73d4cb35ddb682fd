"""Secrets of a running Tradehall: generated once, each in a file of its own."""

import base64
import os
import secrets
from pathlib import Path

CONTAINERS_MODE = 0o444
"""Compose mounts each file with its owner and mode into the containers that name it, where other accounts read it.
On this machine only the owner can enter the folder (decision 21)."""


class Secrets:
    """The files of one folder. `mode` and the folder's own mode decide which other accounts may read them."""

    def __init__(self, folder: Path, mode: int = 0o600) -> None:
        self.folder = folder
        self._mode = mode

    def secret(self, name: str) -> str:
        """A secret that the first call generates: 32 random bytes as text."""
        return self.file(name, secrets.token_urlsafe(32)).read_text()

    def master_key(self, service: str) -> Path:
        """The file of a service's master keys, with one key in it at first."""
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        return self.file(f"{service}-master-key", f"{secrets.token_hex(4)}:{key}\n")

    def file(self, name: str, first: str) -> Path:
        """The file of a secret; written with `first` when missing."""
        path = self.folder / name
        if not path.exists():
            self.write(name, first)
        return path

    def write(self, name: str, text: str) -> Path:
        """Writes what follows from other secrets, again each time."""
        path = self.folder / name
        write_private(path, text, self._mode)
        return path


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replaces a file, by default one that only this account may read, as a whole or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        os.fchmod(file.fileno(), mode)  # independent of the umask
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
