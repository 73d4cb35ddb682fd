"""A file for a bug report, without the secrets of the installation."""

import json
import platform
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

from deploy.cli.running import Running
from deploy.local.bus import BUS_USERS

_LINES = 200
_REMOVED = "[removed]"
_UNSAFE_LOGS = ("postgres",)  # the server's complaints quote rows


def diagnosis(running: Running, lines: list[str] | None = None) -> str:
    """JSON text, with `lines` of logs that were read elsewhere. Every secret in it is replaced."""
    found = {
        "machine": {"python": sys.version, "system": platform.platform()},
        "packages": {one.metadata["Name"]: one.version for one in distributions()},
        "free_bytes": shutil.disk_usage(running.var).free,
        "local": {name: fact for name, fact in running.facts.items() if name != "demo"},
        "ready": {name: running.ready(name) for name in running.facts["postgres_dsn"]},
        "lines": lines,
        "logs": {path.stem: _end(path) for path in sorted((running.var / "log").glob("*.log"))},
    }
    text = json.dumps(found, indent=2, default=str)
    for secret in _secrets(running.secrets):
        text = text.replace(secret, _REMOVED)
    return text + "\n"


def _end(path: Path) -> list[str]:
    if path.stem in _UNSAFE_LOGS:
        return []
    return path.read_text(errors="replace").splitlines()[-_LINES:]


def _secrets(folder: Path) -> list[str]:
    """Whole values, the key behind a master key's name, an address's password; the longest first: one may hold one."""
    files = [path for path in folder.iterdir() if path.is_file() and path.name != BUS_USERS]
    lines = {line for path in files for line in path.read_text().split()}
    keys = {line.partition(":")[2] for line in lines if ":" in line and "//" not in line}
    passwords = {urlsplit(line).password or "" for line in lines if "//" in line}
    return sorted(filter(None, lines | keys | passwords), key=len, reverse=True)
