"""Clients of the MetaTrader 5 Web API, and the form in which its password is stored."""

from collections.abc import Callable

from metatrader import Mt5Client, Mt5HttpsClient, Mt5TcpClient, PasswordHash
from platforms.connections.credentials import Credentials, Secret

_TIMEOUT = 10.0  # seconds for each answer
_HASH = "mt5-hash"

Client = Callable[[Credentials, str, int], Mt5Client]
"""From credentials, the address to dial and a number of connections; times are the server's wall clock."""


def hashed(secret: Secret) -> Secret:
    """The hash that the Web API takes in place of the password, and that opens nothing else."""
    return secret if secret.form == _HASH else Secret(_HASH, PasswordHash.derive(secret.value.decode()).raw)


def over_tcp(credentials: Credentials, address: str, connections: int = 1) -> Mt5Client:
    return Mt5TcpClient(
        credentials.host,
        credentials.port,
        login=int(credentials.login),
        password=PasswordHash(hashed(credentials.secret).value),
        address=address,
        connections=connections,
        timeout=_TIMEOUT,
    )


def over_https(credentials: Credentials, address: str, connections: int = 1) -> Mt5Client:
    return Mt5HttpsClient(
        credentials.host,
        credentials.port,
        login=int(credentials.login),
        password=PasswordHash(hashed(credentials.secret).value),
        address=address,
        ca_pem=credentials.ca_pem,
        connections=connections,
        timeout=_TIMEOUT,
    )
