"""The rotation of the master keys, which encrypt every other key of a service."""

import base64
import secrets
from pathlib import Path

from deploy.cli.output import ask
from deploy.cli.running import Running
from deploy.secret_files import write_private
from runtime.actions.master_keys import REWRAP_KEYS, RewrappedKeys


def renewed(running: Running, service: str) -> RewrappedKeys:
    """Re-encrypt a service's keys under a new master key, restarting it once. It is safe to interrupt and repeat.

    The old key is kept in `<service>-master-keys-retired`: backups made until now need it.
    """
    begin_renewal(running.secrets, service)
    running.restart(service)
    done = ask(running, service, REWRAP_KEYS)
    end_renewal(running.secrets, service)
    return done


def begin_renewal(folder: Path, service: str, mode: int = 0o600) -> None:
    """Put a new master key before the current one, unless that was done."""
    path = folder / f"{service}-master-key"
    keys = path.read_text().split()
    if len(keys) == 1:
        fresh = f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        write_private(path, "\n".join([fresh, *keys]) + "\n", mode)


def end_renewal(folder: Path, service: str, mode: int = 0o600) -> None:
    """Move the old master keys to the retired ones, once only backups need them."""
    path = folder / f"{service}-master-key"
    current, *old = path.read_text().split()
    _retire(folder, service, old)
    write_private(path, f"{current}\n", mode)


def keep_master_keys(secrets_folder: Path, service: str, text: str) -> None:
    """Replace a service's master keys; the old ones are kept among the retired ones."""
    path = secrets_folder / f"{service}-master-key"
    if path.exists():
        _retire(secrets_folder, service, [key for key in path.read_text().split() if key not in text.split()])
    write_private(path, text)


def _retire(secrets_folder: Path, service: str, keys: list[str]) -> None:
    retired = secrets_folder / f"{service}-master-keys-retired"
    known = retired.read_text().split() if retired.exists() else []
    if fresh := [key for key in keys if key not in known]:
        write_private(retired, "\n".join([*known, *fresh]) + "\n")
