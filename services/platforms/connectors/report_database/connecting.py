"""Connects to a report database step by step, and explains what the server refuses."""

import ssl

from pymysql.err import MySQLError

from platforms.checks.domain import Failed, Finding
from platforms.connections.credentials import Credentials
from platforms.connections.dialer import Dialer, certificate_finding, tls_context, tls_failed
from platforms.connectors.report_database.mysql import ReportConnection, TlsNotOffered, UnsafeSignIn

_CODES: dict[int, tuple[str, str]] = {
    1040: ("server-busy", "The server has too many connections. Probably temporary: we retry."),
    1044: ("right-missing", "Grant this user SELECT on the database, or correct the database's name."),
    1045: (
        "bad-credentials",
        "Correct the user and the password, and check that the user may connect from our address.",
    ),
    1049: ("database-not-found", "Correct the database's name."),
    1129: ("address-blocked", "The server blocks our address after failed connections. Run FLUSH HOSTS there."),
    1130: ("address-blocked", "Allow the user to connect from our address: 'user'@'our address'."),
    1142: ("right-missing", "Grant this user SELECT on the tables."),
    1143: ("right-missing", "Grant this user SELECT on all columns of the tables."),
    1203: ("server-busy", "This user has too many connections. Probably temporary: we retry."),
    1226: ("server-busy", "This user has reached its connection limit. Probably temporary: we retry."),
    1251: (
        "sign-in-refused",
        "Allow the user to sign in with mysql_native_password, caching_sha2_password or ed25519.",
    ),
    1820: ("password-change-needed", "Change the password on the server, then set it here."),
    1862: ("password-change-needed", "Change the password on the server, then set it here."),
    1969: ("timeout", "The statement took too long. Check that the tables have the indexes of the original schema."),
    2013: ("connection-lost", "The server closed the connection. Probably temporary: we retry."),
    2059: ("sign-in-refused", "Allow the user to sign in with mysql_native_password or caching_sha2_password."),
    3024: ("timeout", "The statement took too long. Check that the tables have the indexes of the original schema."),
    3118: ("account-disabled", "Unlock the user on the server."),
    3159: ("tls-failed", "The server accepts encrypted connections only. Set tls to require or verify."),
    4151: ("account-disabled", "Unlock the user on the server."),
}


def failed(error: MySQLError) -> Failed:
    """The outcome and the advice for a refusal of the server; its own text may contain secrets."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code == 0:
        return Failed("protocol-error", "The server does not use the MySQL protocol. Check host and port.")
    outcome, advice = _CODES.get(code, ("server-error", "See the server's log."))
    return Failed(outcome, f"The server answered {code}. {advice}")


def report_connection(credentials: Credentials) -> ReportConnection:
    return ReportConnection(credentials.login, credentials.secret.value.decode(), credentials.database or "")


async def greeted(connection: ReportConnection, dialer: Dialer) -> Finding:
    """Connect, and hear that it is a database that answers. The same connection is used to the end: servers block
    an address that hangs up too often before signing in."""
    streams = await dialer.connect()
    try:
        version = await connection.greet(*streams)
    except TimeoutError:
        raise
    except MySQLError as error:
        raise failed(error) from error
    except (OSError, IndexError, ValueError) as error:
        raise Failed("protocol-error", "The server on this port is not a MySQL server. Correct the port.") from error
    except BaseException:
        streams[1].close()
        raise
    return Finding(f"{dialer.address} answers on port {dialer.port_number}: {version[:60]}")


async def encrypted(connection: ReportConnection, credentials: Credentials) -> Finding:
    """Agree on TLS as the credentials ask for."""
    if credentials.tls == "off":
        return Finding("Not encrypted: all data are sent in clear text. Set tls to verify.", "plaintext")
    verified = credentials.tls == "verify"
    try:
        writer = await connection.encrypt(tls_context(credentials.ca_pem, verified=verified), credentials.host)
    except TlsNotOffered:
        raise Failed(
            "tls-failed", "The server does not offer TLS. Enable it there or, in a private network, set tls to off."
        ) from None
    except (ssl.SSLError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise tls_failed(error, credentials.host) from error
    return certificate_finding(writer, verified=verified)


async def signed_in(connection: ReportConnection) -> None:
    """Raises Failed when the server refuses."""
    try:
        await connection.sign_in()
    except UnsafeSignIn:
        raise Failed(
            "tls-failed",
            "The sign-in of this user would send the password in clear text. Set tls to require or verify.",
        ) from None
    except MySQLError as error:
        raise failed(error) from error
