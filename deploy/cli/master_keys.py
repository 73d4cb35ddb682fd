"""The renewal of the master keys, which wrap every other key of a service."""

import base64
import secrets
from pathlib import Path
from typing import Any

from deploy.cli.asking import said
from deploy.cli.running import Running
from deploy.secret_files import write_private


def renewed(running: Running, service: str) -> dict[str, Any]:
    """Wrap a service's keys under a new master key, restarting it once; a run that was stopped is simply repeated.

    The old key is kept in `<service>-master-keys-retired`: backups made until now need it.
    """
    begin_renewal(running.secrets, service)
    running.restart(service)
    told: dict[str, Any] = said(running.ask(service, "rewrap-keys"))
    end_renewal(running.secrets, service)
    return told


def begin_renewal(folder: Path, service: str, mode: int = 0o600) -> None:
    """Put a new master key before the one that is in use, unless that was done."""
    path = folder / f"{service}-master-key"
    keys = path.read_text().split()
    if len(keys) == 1:
        fresh = f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        write_private(path, "\n".join([fresh, *keys]) + "\n", mode)


def end_renewal(folder: Path, service: str, mode: int = 0o600) -> None:
    """Keep the old master keys apart, once nothing is wrapped under them but what is in backups."""
    path = folder / f"{service}-master-key"
    current, *old = path.read_text().split()
    _retire(folder, service, old)
    write_private(path, f"{current}\n", mode)


def keep_master_keys(secrets_folder: Path, service: str, text: str) -> None:
    """Have a service go on with these; those that it had until now are kept among the retired ones."""
    path = secrets_folder / f"{service}-master-key"
    if path.exists():
        _retire(secrets_folder, service, [key for key in path.read_text().split() if key not in text.split()])
    write_private(path, text)


def _retire(secrets_folder: Path, service: str, keys: list[str]) -> None:
    retired = secrets_folder / f"{service}-master-keys-retired"
    known = retired.read_text().split() if retired.exists() else []
    if fresh := [key for key in keys if key not in known]:
        write_private(retired, "\n".join([*known, *fresh]) + "\n")
