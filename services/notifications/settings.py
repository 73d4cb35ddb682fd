"""Settings of this service: what every service needs, and the way to the mail server."""

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from kit.http.fields import clean_line
from kit.settings import ServiceSettings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(ServiceSettings):
    """Of notifications: the mail server, and the sender."""

    smtp_host: str
    """Host of the mail server."""
    smtp_port: int = Field(ge=1, le=65535)
    """Port of the mail server."""
    smtp_user: str | None = None
    """User at the mail server, if it needs one."""
    smtp_password: SecretStr | None = None
    """Password at the mail server, if it needs one."""
    smtp_tls: Literal["off", "starttls", "tls"] = "starttls"
    """`starttls`, `tls` (usually port 465), or `off`, which sends mail in clear text."""
    mail_from: str
    """Sender: an address, or `Name <address>`."""

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
        """Who the mails are from."""
        return _sender(self.mail_from)

    @property
    def host(self) -> str:
        """The host of the public address, as used in Message-IDs and in EHLO."""
        host = urlsplit(self.public_url).hostname or "localhost"
        return f"[IPv6:{host}]" if ":" in host else host.encode("idna").decode()


def _sender(text: str) -> Address:
    """The address with its name, Tradehall where it has none; ValueError when it cannot be used."""
    name, address = parseaddr(clean_line(text))
    local, _, domain = address.rpartition("@")
    if not (local and domain and address.isascii()):
        raise ValueError("write name@example.com or Name <name@example.com>, the address in ASCII")
    return Address(name or "Tradehall", local, domain)
