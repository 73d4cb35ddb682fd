"""The credential forms that MetaTrader's connectors share. Their class names are schema names of the HTTP API."""

from typing import Annotated, ClassVar

from pydantic import Field

from kit.errors import Invalid
from kit.http.fields import Name
from platforms.connections.connector import Connector, CredentialForm
from platforms.connections.credentials import Credentials, Secret
from platforms.connections.fields import Host, Password, Pem, Port, Tls


class ApiCredentials(CredentialForm):
    """A manager's login and API password. The API decides about TLS: `tls` may be repeated, not changed."""

    login_type: ClassVar[type[int] | type[str]] = int
    host: Host
    port: Port
    login: Annotated[int, Field(ge=1, lt=2**63, title="Login", description="The manager's account number.")]
    password: Password
    tls: Tls | None = None
    ca_pem: Pem | None = None

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

    host: Host
    port: Port
    database: Annotated[Name, Field(max_length=64, title="Database", description="Name of the database (schema).")]
    user: Annotated[Name, Field(max_length=128, title="User", description="A user with SELECT alone.")]
    password: Password
    tls: Tls = "verify"
    ca_pem: Pem | None = None

    def credentials(self, connector: Connector) -> Credentials:
        secret = Secret.password(self.password.get_secret_value())
        return Credentials(self.host, self.port, self.user, secret, self.tls, self.database, self.ca_pem)
