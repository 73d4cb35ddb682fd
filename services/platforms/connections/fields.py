"""Types of the fields of credential forms."""

import ssl
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from kit.http.fields import Raw
from platforms.connections.addresses import clean_host

_LONGEST_PASSWORD = 256
PEM_HELP = (
    "PEM text of the only authorities, or server certificates, to trust. Leave it empty to trust the public "
    "authorities."
)
TLS_HELP = (
    "`verify`: TLS with a verified certificate. `require`: TLS without verification, vulnerable to man-in-the-middle "
    "attacks. `off`: no TLS; everything, the data too, is sent in clear text."
)


@dataclass(frozen=True)
class Choices:
    """In the annotation of a field with a few values: each value, its label and its help text."""

    texts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Multiline:
    """In the annotation of a field that takes several lines of text."""


def _whole(given: object) -> object:
    if isinstance(given, str) and ("\0" in given or any("\ud800" <= char <= "\udfff" for char in given)):
        raise ValueError("must be valid Unicode text without NUL")
    return given


def _pem(given: str) -> str:
    try:
        ssl.create_default_context(cadata=given)
    except (ssl.SSLError, ValueError, TypeError) as error:  # the last for what is not ASCII
        raise ValueError("must hold one or more certificates in PEM form") from error
    return given


Host = Annotated[
    Raw,
    Field(min_length=1, max_length=300, title="Host", description="Host name or IP address, without scheme or port."),
    AfterValidator(clean_host),
]
Port = Annotated[int, Field(ge=1, le=65535, title="Port", description="TCP port, 1 to 65535.")]
Password = Annotated[
    SecretStr,
    BeforeValidator(_whole),
    Field(
        min_length=1,
        max_length=_LONGEST_PASSWORD,
        title="Password",
        description="Stored encrypted. It cannot be read again.",
        examples=["an invented password"],
    ),
]
Pem = Annotated[
    str,
    BeforeValidator(_whole),
    Field(
        max_length=65_536,
        title="CA certificate",
        description=PEM_HELP,
    ),
    AfterValidator(_pem),
    Multiline(),
]
Tls = Annotated[
    Literal["off", "require", "verify"],
    Field(
        title="Encryption",
        description=TLS_HELP,
    ),
    Choices(
        (
            ("verify", "TLS, verified certificate", "Recommended."),
            ("require", "TLS, unverified certificate", "Vulnerable to man-in-the-middle attacks."),
            ("off", "No TLS", "Data are sent in clear text."),
        )
    ),
]
