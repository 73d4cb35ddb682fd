"""Settings: one frozen class per service; TRADEHALL_NAME, or TRADEHALL_NAME_FILE for what a file holds."""

import os
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "TRADEHALL_"


class HttpSettings(BaseSettings):
    """What every service needs, the portal too, which is not on the bus. No secret has a default."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    service_host: str = "127.0.0.1"
    service_port: int = Field(ge=0, le=65535)
    postgres_dsn: SecretStr
    master_key: SecretStr
    gateway_port: int | None = Field(default=None, ge=1, le=65535)
    public_url: str = Field(default="", validate_default=True)
    """By default that of the gateway on this machine, where `gateway_port` is known."""
    trusted_proxies: str = "127.0.0.1/32,::1/128"
    """Networks of the gateway, with commas between them."""
    front_proxies: str = ""
    """Networks of what stands before the gateway, with spaces between them; the gateway reads the same setting."""
    otlp_endpoint: str = Field("", pattern=r"^(https?://\S+)?$")  # a collector of traces; without it none are made
    trace_share: float = Field(1.0, ge=0, le=1)
    drain_seconds: float = Field(default=0.0, ge=0.0, le=60.0)
    """How long to go on serving after SIGTERM while /readyz says no: none where there is no other replica."""

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str, others: ValidationInfo) -> str:
        port = others.data.get("gateway_port")
        if not value and not port:
            raise ValueError("give the public address, such as https://tradehall.example")
        return value.rstrip("/") or f"http://localhost:{port}"

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """Whose word counts for a caller's address."""
        return [
            ip_network(part) for part in (*self.trusted_proxies.replace(",", " ").split(), *self.front_proxies.split())
        ]

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies are Secure."""
        return self.public_url.startswith("https://")

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Self:
        """From the environment; a wrong or missing setting ends the process with one sentence for each."""
        values = _values(os.environ if environment is None else environment)
        try:
            return cls(**values)
        except ValidationError as error:
            for one in error.errors():
                print(_sentence(one["loc"], one["msg"]), file=sys.stderr)
            raise SystemExit(2) from None


class ServiceSettings(HttpSettings):
    """What every service on the bus needs."""

    nats_url: str
    """One address, or those of a cluster's servers with commas between them."""
    nats_password: SecretStr
    stream_replicas: int = Field(default=1, ge=1, le=5)
    """On how many of the bus's servers the service's stream is kept; its readers' places follow."""


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    """What is wrong with which setting; a rule over several settings names them in its message."""
    if not location:
        return message
    name = _PREFIX + str(location[0]).upper()
    inside = "".join(f", {part}" for part in location[1:])
    return f"{name} (or {name}_FILE){inside}: {message}"


def _values(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(_PREFIX):
            continue
        key = name.removeprefix(_PREFIX).lower()
        if key.endswith("_file"):
            values[key.removesuffix("_file")] = Path(value).read_text(encoding="utf-8").strip()
        else:
            values.setdefault(key, value)
    return values
