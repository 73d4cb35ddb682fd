"""TLS and authentication, and servers that are not SMTP servers."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from notifications.deliveries import smtp
from notifications.deliveries.message import Message
from notifications.deliveries.smtp import MailServer
from notifications.outcomes import RetryLater
from notifications.tests.smtp_server import FakeSmtpServer

MAIL = Message("no-reply@hall.example", "ada@mail.example", b"Subject: x\r\n\r\n.dots\r\n", utf8=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Certificate and key of 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "smtp_server.test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "smtp_server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def _secured(certificate: Path) -> FakeSmtpServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    room = FakeSmtpServer()
    room.server_options = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": room.authenticate,
        "auth_required": True,
    }
    return room


def _send(server: MailServer) -> list[str]:
    """Hand the mail over; answers what was called meanwhile."""
    called: list[str] = []

    async def may_send() -> bool:
        called.append("may send")
        return True

    async def accepted() -> None:
        called.append("accepted")

    asyncio.run(server.send(MAIL, may_send, accepted))
    return called


def _server(port: int, tls: str = "off") -> MailServer:
    secured = tls != "off"
    return MailServer(
        "127.0.0.1",
        port,
        "hall" if secured else None,
        SecretStr("hush") if secured else None,
        tls,  # type: ignore[arg-type]
        helo="hall.example",
    )


def test_a_mail_goes_by_starttls_after_signing_in(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with _secured(certificate) as room:
        assert _send(_server(room.port, "starttls")) == ["may send", "accepted"]
        assert room.logins == [(b"hall", b"hush")]
        assert room.only().content.endswith(b".dots\r\n")


def test_an_untrusted_certificate_is_refused(certificate: Path) -> None:
    with _secured(certificate) as room:
        with pytest.raises(RetryLater):
            _send(_server(room.port, "starttls"))
        assert room.logins == []


def test_a_server_without_starttls_gets_no_password(smtp_server: FakeSmtpServer) -> None:
    with pytest.raises(RetryLater):
        _send(_server(smtp_server.port, "starttls"))
    assert smtp_server.logins == []


def test_a_mail_taken_by_another_worker_is_not_sent(smtp_server: FakeSmtpServer) -> None:
    async def no() -> bool:
        return False

    async def never() -> None:
        raise AssertionError

    asyncio.run(_server(smtp_server.port).send(MAIL, no, never))
    assert smtp_server.letters == []


def test_a_silent_server_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(RetryLater) as error:
        _send(_server(silent.getsockname()[1]))
    assert error.value.reason == "smtp-timeout"


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"554 no\r\n", b"421 busy\r\n", b""])
def test_a_server_that_accepts_no_mail_is_retried(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(RetryLater):
            _send(_server(listener.getsockname()[1]))
        thread.join()
