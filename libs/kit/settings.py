"""Settings: one frozen class per service, from TRADEHALL_NAME, or from the file that TRADEHALL_NAME_FILE names."""

import os
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "TRADEHALL_"


class HttpSettings(BaseSettings):
    """The settings of every service, the portal included. No secret has a default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    service_host: str = "127.0.0.1"
    """Address that the service listens on."""
    service_port: int = Field(ge=0, le=65535)
    """Port that the service listens on."""
    postgres_dsn: SecretStr
    """Connection string of the service's own PostgreSQL database."""
    master_key: SecretStr
    """Master keys, one `<id>:<base64>` a line; the first one encrypts, the others still decrypt."""
    gateway_port: int | None = Field(default=None, ge=1, le=65535)
    """Port of the gateway on this machine."""
    public_url: str = Field(default="", validate_default=True)
    """Public address, such as `https://tradehall.example`. By default `http://localhost` and TRADEHALL_GATEWAY_PORT."""
    trusted_proxies: str = "127.0.0.1/32,::1/128"
    """Networks of the gateway, separated by commas."""
    front_proxies: str = ""
    """Trusted proxy CIDRs in front of the gateway, separated by spaces. The gateway reads the same setting."""
    otlp_endpoint: str = Field("", pattern=r"^(https?://\S+)?$")
    """OpenTelemetry collector (OTLP over HTTP) that traces are sent to. Without it there are none."""
    trace_share: float = Field(1.0, ge=0, le=1)
    """Share of requests that are traced, from 0 to 1."""
    drain_seconds: float = Field(default=0.0, ge=0.0, le=60.0)
    """How long to continue serving after SIGTERM, not ready. Set it if there are other replicas."""

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str, others: ValidationInfo) -> str:
        port = others.data.get("gateway_port")
        if not value and not port:
            raise ValueError("give the public address, such as https://tradehall.example")
        return value.rstrip("/") or f"http://localhost:{port}"

    @property
    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """Networks whose X-Forwarded-For is believed."""
        return [
            ip_network(part) for part in (*self.trusted_proxies.replace(",", " ").split(), *self.front_proxies.split())
        ]

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies are Secure."""
        return self.public_url.startswith("https://")

    @classmethod
    def variables(cls) -> Mapping[str, FieldInfo]:
        """The settings by the environment variable that sets each. With `_FILE` behind it, a file holds the value."""
        return {f"{PREFIX}{name.upper()}": field for name, field in cls.model_fields.items()}

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
    """The settings of every service on the bus."""

    nats_url: str
    """Address of the NATS server, or those of a cluster's servers, separated by commas."""
    nats_password: SecretStr
    """Password of the service's own NATS user."""
    stream_replicas: int = Field(default=1, ge=1, le=5)
    """Number of NATS servers that keep a copy of the service's stream."""


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    """What is wrong with which setting; a rule over several settings names them in its message."""
    if not location:
        return message
    name = PREFIX + str(location[0]).upper()
    inside = "".join(f", {part}" for part in location[1:])
    return f"{name} (or {name}_FILE){inside}: {message}"


def _values(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX).lower()
        if key.endswith("_file"):
            values[key.removesuffix("_file")] = Path(value).read_text(encoding="utf-8").strip()
        else:
            values.setdefault(key, value)
    return values
