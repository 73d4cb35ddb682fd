"""Settings of this service: those of every service, and the SMTP server."""

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from kit.http.fields import clean_line
from kit.settings import ServiceSettings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(ServiceSettings):
    """Read from TRADEHALL_SMTP_HOST and so on."""

    smtp_host: str
    """Name or IP address of the SMTP server."""
    smtp_port: int = Field(ge=1, le=65535)
    smtp_user: str | None = None
    """User to sign in with; requires `smtp_password`."""
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["off", "starttls", "tls"] = "starttls"
    """off sends in clear text; tls is implicit TLS, mostly on port 465."""
    mail_from: str
    """The sender's address, or `Name <address>`."""

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        _sender(value)
        return value

    @model_validator(mode="after")
    def _sends_no_password_in_clear(self) -> Self:
        password = self.smtp_password.get_secret_value() if self.smtp_password else ""
        if bool(self.smtp_user) != bool(password):
            raise ValueError("set both TRADEHALL_SMTP_USER and TRADEHALL_SMTP_PASSWORD, or neither")
        if self.smtp_user and self.smtp_tls == "off" and self.smtp_host not in _LOOPBACK:
            raise ValueError("with TRADEHALL_SMTP_USER, TRADEHALL_SMTP_TLS must be starttls or tls")
        return self

    @property
    def sender(self) -> Address:
        """The sender of all mails."""
        return _sender(self.mail_from)

    @property
    def host(self) -> str:
        """The host of the public address, for Message-IDs and EHLO."""
        host = urlsplit(self.public_url).hostname or "localhost"
        return f"[IPv6:{host}]" if ":" in host else host.encode("idna").decode()


def _sender(text: str) -> Address:
    """The address with its name, by default Tradehall. Raises ValueError where it cannot be used."""
    name, address = parseaddr(clean_line(text))
    local, _, domain = address.rpartition("@")
    if not (local and domain and address.isascii()):
        raise ValueError("write name@example.com or Name <name@example.com>, the address in ASCII")
    return Address(name or "Tradehall", local, domain)
