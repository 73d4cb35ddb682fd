"""Images for the tests that run containers."""

import os
import re
import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def provide(images: dict[str, str]) -> None:
    """Lets the command TRADEHALL_IMAGES_HOOK, if set, provide what cannot be pulled here: kinds by tag."""
    if hook := os.environ.get("TRADEHALL_IMAGES_HOOK"):
        subprocess.run([*shlex.split(hook), *(f"{tag}={kind}" for tag, kind in images.items())], check=True)


WITHOUT_STANDIN = frozenset({"grafana"}) if "TRADEHALL_IMAGES_HOOK" in os.environ else frozenset()
"""Services whose image can only be pulled; no command provides one of its kind."""


def of_the_composition() -> dict[str, str]:
    """The public images that docker-compose.yml and its Dockerfile name, and the kind of each."""
    bases = re.findall(r"^ARG (\w+)_IMAGE=(\S+)$", (ROOT / "deploy/images/Dockerfile").read_text(), re.MULTILINE)
    services = re.findall(r"^  (\w+):\n(?:    .*\n)*?    image: (\S+)$", _composition(), re.MULTILINE)
    kinds = {tag: kind.lower() for kind, tag in [*bases, *services] if not tag.startswith("tradehall-")}
    return {tag: kind for tag, kind in kinds.items() if kind not in WITHOUT_STANDIN}


def _composition() -> str:
    return (ROOT / "docker-compose.yml").read_text()
