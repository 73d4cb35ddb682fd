"""The credential forms that MetaTrader's connectors share. Their class names are schema names of the HTTP API."""

from typing import Annotated, ClassVar

from pydantic import Field

from kit.errors import Invalid
from kit.http.fields import Name
from platforms.connections.connector import Connector, CredentialForm
from platforms.connections.credentials import Credentials, Secret
from platforms.connections.fields import PEM_HELP, TLS_HELP, Host, Password, Pem, Port, Tls


class ApiCredentials(CredentialForm):
    """The login and API password of a manager."""

    login_type: ClassVar[type[int] | type[str]] = int
    host: Host = Field(examples=["mt5.broker.example"])
    port: Port = Field(examples=[1950])
    login: Annotated[
        int,
        Field(ge=1, le=10**18, title="Login", description="The manager's account number.", examples=[1000]),
    ]
    password: Password = Field(examples=["an invented manager's"])
    tls: Tls | None = Field(default=None, description=TLS_HELP, examples=[None])
    ca_pem: Pem | None = Field(default=None, description=PEM_HELP, examples=[None])

    def credentials(self, connector: Connector) -> Credentials:
        tls = connector.tls or "off"
        if self.tls not in (None, tls):
            raise Invalid("tls", f"{connector.name} always uses {tls!r}: leave tls out")
        if self.ca_pem is not None and tls == "off":
            raise Invalid("ca_pem", f"{connector.name} does not use TLS: leave ca_pem out")
        secret = Secret.password(self.password.get_secret_value())
        return Credentials(self.host, self.port, str(self.login), secret, tls, None, self.ca_pem)


class DbCredentials(CredentialForm):
    """A read-only user of the report database."""

    host: Host = Field(examples=["reports.broker.example"])
    port: Port = Field(examples=[3306])
    database: Annotated[
        Name,
        Field(max_length=64, title="Database", description="Name of the database (schema).", examples=["mt5_reports"]),
    ]
    user: Annotated[
        Name, Field(max_length=128, title="User", description="A user with SELECT only.", examples=["tradehall"])
    ]
    password: Password = Field(examples=["an invented reader's"])
    tls: Tls = Field(default="verify", examples=["verify"])
    ca_pem: Pem | None = Field(default=None, description=PEM_HELP, examples=[None])

    def credentials(self, connector: Connector) -> Credentials:
        secret = Secret.password(self.password.get_secret_value())
        return Credentials(self.host, self.port, self.user, secret, self.tls, self.database, self.ca_pem)
