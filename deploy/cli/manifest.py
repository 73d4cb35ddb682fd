"""The manifest of a backup: its files, what they hold, and the master keys that it needs."""

import binascii
import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr, ValidationError

from deploy.cli.running import NotRunning
from deploy.local.settings import ROOT
from deploy.service_settings import SERVICES
from kit.security.keys import KeyUnavailable, MasterKey, WrappedKey

FILE = "manifest.json"
_CHUNK = 1 << 20  # bytes


class BadBackup(NotRunning):
    """The backup is damaged, or not for this release, or its keys are missing."""


class Wrapped(BaseModel):
    """One key of the backup under a master key: a key that can unwrap it is the right one."""

    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
    associated: str
    wrapped: bytes


class Part(BaseModel):
    """One service's database: its file, and what it held at the moment of the backup.

    `epoch` and `last_sequence` are those of its last event, `master_keys` has one wrapped key for each master key.
    """

    model_config = ConfigDict(extra="forbid")
    file: str
    bytes: int
    sha256: str
    tables: dict[str, int]
    epoch: str | None
    last_sequence: int
    migrations: list[str]
    master_keys: dict[str, Wrapped]


class BusUser(BaseModel):
    """A subscriber account; its password is not part of a backup."""

    model_config = ConfigDict(extra="forbid")
    user: str
    organization: UUID


class Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Literal[1] = 1
    release: str
    created_at: AwareDatetime
    postgres: str
    services: dict[str, Part]
    bus_users: list[BusUser]

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.services.values())


def release() -> str:
    """The version of this Tradehall."""
    return str(tomllib.loads((ROOT / "libs/kit/pyproject.toml").read_text())["project"]["version"])


def read(backup: Path) -> Manifest:
    """Raises BadBackup."""
    try:
        manifest = Manifest.model_validate_json((backup / FILE).read_text())
    except FileNotFoundError:
        raise BadBackup(f"{backup} is not a backup: it has no {FILE}") from None
    except (ValidationError, ValueError) as error:
        raise BadBackup(f"{backup / FILE} cannot be read: {error}") from None
    if strange := [
        name for name, part in manifest.services.items() if name not in SERVICES or part.file != f"{name}.dump"
    ]:
        raise BadBackup(f"{backup / FILE} names {', '.join(strange)}, which are not Tradehall's")
    if _numbers(manifest.release) > _numbers(release()):
        raise BadBackup(
            f"the backup was made by release {manifest.release}, and this is {release()}: use the newer release"
        )
    return manifest


def verify_files(backup: Path, manifest: Manifest, progress: Callable[[int], None]) -> None:
    """Compare sizes and hashes; `progress` is called with the number of bytes read. Raises BadBackup."""
    for name, part in manifest.services.items():
        path = backup / part.file
        if not path.is_file() or path.stat().st_size != part.bytes or digest(path, progress) != part.sha256:
            raise BadBackup(f"the backup is damaged: {part.file}, of {name}, is not what {FILE} says")


def digest(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 in hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
            progress(len(chunk))
    return found.hexdigest()


def master_keys(folder: Path, manifest: Manifest) -> Mapping[str, str]:
    """For each service the text of its master keys: the current one first, then older ones that the backup needs.

    `folder` holds `<service>-master-key`, and `<service>-master-keys-retired` where there are such. Raises BadBackup
    where a key is missing or another one than the backup was made with.
    """
    return {name: _keys_for(folder, name, part) for name, part in manifest.services.items()}


def _keys_for(folder: Path, service: str, part: Part) -> str:
    current = folder / f"{service}-master-key"
    if not current.is_file():
        raise BadBackup(f"{current} is missing: give the folder with the copies of the master keys")
    retired = folder / f"{service}-master-keys-retired"
    lines = [*current.read_text().split(), *(retired.read_text().split() if retired.is_file() else [])]
    given = {line.partition(":")[0]: line for line in lines if ":" in line}  # without a name it is all secret
    if absent := set(part.master_keys) - set(given):
        raise BadBackup(
            f"wrong master key: the backup of {service} was made with {', '.join(sorted(absent))}, and {folder} holds "
            f"{', '.join(given)}"
        )
    needed = dict.fromkeys([*list(given)[:1], *part.master_keys])
    text = "".join(f"{given[key_id]}\n" for key_id in needed)
    for key_id, one in part.master_keys.items():
        try:
            MasterKey(SecretStr(text)).unwrap(WrappedKey(key_id, one.wrapped), one.associated)
        except (KeyUnavailable, ValueError, binascii.Error):
            raise BadBackup(f"wrong master key: {key_id} in {current} does not open the backup of {service}") from None
    return text


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
