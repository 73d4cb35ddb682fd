"""What several routes share: credentials in requests and answers."""

import ssl
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, SecretStr

from kit.errors import Invalid
from kit.http.fields import Body, Name, Raw
from platforms.addresses import Policy, clean_host
from platforms.application import GivenCredentials
from platforms.domain import tls_of

Tls = Literal["off", "require", "verify"]
_LONGEST_PASSWORD = 256


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
    Field(min_length=1, max_length=300, description="a host name or an IP address"),
    AfterValidator(clean_host),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Password = Annotated[
    SecretStr,
    BeforeValidator(_whole),
    Field(min_length=1, max_length=_LONGEST_PASSWORD, description="write-only: no answer ever holds it"),
]
Pem = Annotated[
    str,
    BeforeValidator(_whole),
    Field(max_length=65_536, description="the only authorities, or certificates, to trust"),
    AfterValidator(_pem),
]


class ApiCredentials(Body):
    """A manager's login and API password. `tls` is a matter of the API: it may be repeated, not changed."""

    host: Host
    port: Port
    login: Annotated[int, Field(ge=1, lt=2**63)]
    password: Password
    tls: Tls | None = None
    ca_pem: Pem | None = None

    def given(self, api: str) -> GivenCredentials:
        """Raises Invalid where TLS is asked for that the API does not have."""
        tls = tls_of(api)
        if self.tls not in (None, tls):
            raise Invalid("tls", f"{api} is always {tls!r}; leave tls out")
        if self.ca_pem is not None and tls == "off":
            raise Invalid("ca_pem", f"{api} has no TLS; leave ca_pem out")
        return GivenCredentials(
            self.host, self.port, str(self.login), self.password.get_secret_value(), tls, None, self.ca_pem
        )


class DbCredentials(Body):
    """A user of the report database who may only read. `tls`: off, require (not verified) or verify."""

    host: Host
    port: Port
    database: Annotated[Name, Field(max_length=64)]
    user: Annotated[Name, Field(max_length=128)]
    password: Password
    tls: Tls = "verify"
    ca_pem: Pem | None = None

    def given(self) -> GivenCredentials:
        return GivenCredentials(
            self.host,
            self.port,
            self.user,
            self.password.get_secret_value(),
            self.tls,
            self.database,
            self.ca_pem,
        )


class ApiCredentialsAnswer(BaseModel):
    """What is known of the stored credentials. `fingerprint` tells versions apart, not passwords."""

    host: str
    port: int
    login: int
    tls: str
    version: int
    fingerprint: str
    set_at: AwareDatetime
    set_by: str | None


class DbCredentialsAnswer(BaseModel):
    host: str
    port: int
    database: str
    user: str
    tls: str
    version: int
    fingerprint: str
    set_at: AwareDatetime
    set_by: str | None


def api_credentials(known: dict[str, Any] | None) -> ApiCredentialsAnswer | None:
    """From a view's row."""
    return None if known is None else ApiCredentialsAnswer.model_validate(known | {"login": int(known["login"])})


def db_credentials(known: dict[str, Any] | None) -> DbCredentialsAnswer | None:
    return None if known is None else DbCredentialsAnswer.model_validate(known | {"user": known["login"]})


def must_allow(policy: Policy, host: str) -> None:
    """Raises Invalid for an address that may not be dialled; names are judged when they are resolved."""
    try:
        policy.must_allow(host)
    except ValueError as error:
        raise Invalid("host", str(error)) from error
