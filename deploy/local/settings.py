"""The settings of the local runner, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from embedded import EmbeddedError

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""


@dataclass(frozen=True)
class RunnerSettings:
    """`port` 0 is any free one; `public_url` None is the gateway's own address."""

    var: Path
    port: int
    bind: str = "127.0.0.1"
    public_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From TRADEHALL_VAR, _PORT, _BIND and _PUBLIC_URL; raises EmbeddedError with what is wrong."""
        return cls(
            var=Path(environment.get("TRADEHALL_VAR") or ROOT / "var").absolute(),
            port=_port(environment.get("TRADEHALL_PORT") or "8080"),
            bind=_address(environment.get("TRADEHALL_BIND") or "127.0.0.1"),
            public_url=_origin(environment.get("TRADEHALL_PUBLIC_URL") or None),
        )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise EmbeddedError(f"TRADEHALL_PORT is {text!r}: give a port from 1 to 65535, or 0 for any free one")
    return int(text)


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise EmbeddedError(f"TRADEHALL_BIND is {text!r}: give an address such as 127.0.0.1 or 0.0.0.0") from None


def _origin(text: str | None) -> str | None:
    if text is None:
        return None
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise EmbeddedError(f"TRADEHALL_PUBLIC_URL is {text!r}: give an origin such as https://tradehall.example")
    return text.rstrip("/")
