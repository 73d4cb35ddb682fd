"""The first stages of every check: the host's name is resolved once, and the address that was checked is dialled."""

import asyncio
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from cryptography import x509

from platforms.checks.domain import Failed, Finding
from platforms.connections.addresses import Policy

_SOON = timedelta(days=14)
_MOST_ADDRESSES = 4
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Dialer:
    """The way to one server. `address` is the one that answered; set once `port` has passed."""

    def __init__(self, host: str, port: int, policy: Policy) -> None:
        self.host = host
        self.port_number = port
        self._policy = policy
        self._addresses: list[str] = []
        self.address = ""

    async def name(self) -> Finding:
        """Resolve the host; private addresses are passed over unless the operator allows them."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self.host, self.port_number, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
        except (OSError, UnicodeError) as error:
            raise Failed(
                "name-not-found", f"The host name {self.host} does not resolve. Correct the host, or its DNS record."
            ) from error
        every = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        self._addresses = [address for address in every if self._policy.allows(address)][:_MOST_ADDRESSES]
        if not self._addresses:
            raise Failed(
                "address-not-allowed",
                f"{self.host} resolves to a private or reserved address. Enter a public one, or ask the "
                "operator of this installation to allow private networks.",
            )
        return Finding(f"{self.host} is {', '.join(self._addresses)}")

    async def port(self) -> Finding:
        """Connect to the first address that answers, and hang up again."""
        _, writer = await self.connect()
        await _closed(writer)
        return Finding(f"{self.address} answers on port {self.port_number}")

    async def connect(self) -> Streams:
        """A connection to the address that answered before, or to the first that answers now. Raises Failed."""
        last: OSError | None = None
        for address in [self.address] if self.address else self._addresses:
            try:
                streams = await asyncio.open_connection(address, self.port_number)
            except OSError as error:
                last = error
                continue
            self.address = address
            return streams
        if isinstance(last, ConnectionRefusedError):
            raise Failed(
                "port-closed",
                f"Nothing listens on port {self.port_number} of {self.host}. Correct the port, or start the server.",
            ) from last
        raise Failed(
            "port-closed",
            f"Port {self.port_number} of {self.host} cannot be reached ({_reason(last)}). "
            "Check that the firewall allows our address.",
        ) from last

    async def tls(self, ca_pem: str | None) -> Finding:
        """Agree on TLS with the address that answered, whose certificate must be for the host; then hang up again."""
        context = tls_context(ca_pem)
        try:
            _, writer = await asyncio.open_connection(
                self.address, self.port_number, ssl=context, server_hostname=self.host
            )
        except (ssl.SSLError, OSError) as error:
            raise tls_failed(error, self.host) from error
        try:
            return certificate_finding(writer, verified=True)
        finally:
            await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _reason(error: OSError | None) -> str:
    return (error.strerror if error else None) or type(error).__name__


def tls_context(ca_pem: str | None, *, verified: bool = True) -> ssl.SSLContext:
    """Trusts the system's authorities, or only those given; without `verified` it trusts everybody."""
    context = ssl.create_default_context(cadata=ca_pem)
    if ca_pem is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # Python 3.13 began to refuse certificates that lack what RFC 5280 asks for, as a broker's own often do.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def tls_failed(error: Exception, host: str) -> Failed:
    """What went wrong while agreeing on TLS, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _ADVICE.get(error.verify_code, "Have the server show a certificate that we can verify.")
        if error.verify_message.lower().startswith(("hostname", "ip address")):
            advice = "Give the host by the name in the certificate, or have a certificate made for this one."
        return Failed("tls-failed", f"The certificate of {host} is not accepted: {error.verify_message}. {advice}")
    if isinstance(error, ssl.SSLError):
        return Failed("tls-failed", f"TLS with {host} failed: {error.reason}. Check that the port uses TLS.")
    return Failed("tls-failed", f"{host} closed the connection during the TLS handshake. Check that the port uses TLS.")


_UNKNOWN_AUTHORITY = "Enter the certificate of the authority as ca_pem, or have the server send its whole chain."
_ADVICE = {
    7: _UNKNOWN_AUTHORITY,
    9: "Set the server's clock, or ours.",
    10: "Have the certificate renewed.",
    18: _UNKNOWN_AUTHORITY,
    19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY,
    21: _UNKNOWN_AUTHORITY,
}


def certificate_finding(writer: asyncio.StreamWriter, *, verified: bool) -> Finding:
    """The certificate's name, issuer and end; a warning when it ends soon."""
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    certificate = x509.load_der_x509_certificate(shown)
    ends = certificate.not_valid_after_utc
    names = f"{_name(certificate.subject)}, issued by {_name(certificate.issuer)}, valid until {ends:%Y-%m-%d}"
    if not verified:
        advice = f"Encrypted, but the certificate was not verified ({names}). Set tls to verify if you can."
        return Finding(advice, certificate_ends_at=ends)
    if ends - datetime.now(UTC) < _SOON:
        return Finding(f"The certificate expires soon: {names}. Renew it.", "certificate-ends-soon", ends)
    return Finding(f"Certificate of {names}", certificate_ends_at=ends)


def _name(name: x509.Name) -> str:
    for attribute in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        for found in name.get_attributes_for_oid(attribute):
            return str(found.value)[:100]
    return "an unnamed holder"
