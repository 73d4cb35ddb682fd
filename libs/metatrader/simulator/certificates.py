"""Certificates made on the fly: an authority of our own, and a server's certificate signed by it."""

import ipaddress
import json
import os
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_KEPT_DAYS = 365
_LEAST_DAYS = 30


@dataclass(frozen=True)
class Certificate:
    """`ca_pem` is what a client must trust; `sha256` is the hexadecimal SHA-256 of the server's certificate."""

    ca_pem: str
    pem: str
    key_pem: str
    sha256: str

    @classmethod
    def make(cls, names: Sequence[str] = ("localhost", "127.0.0.1"), *, days: int = 30) -> "Certificate":
        """For the host names and addresses; `days` may be negative for one that has expired."""
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        issuer = _name("Simulator authority")
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
        now = datetime.now(UTC)
        ca = (
            x509.CertificateBuilder()
            .subject_name(issuer)
            .issuer_name(issuer)
            .public_key(ca_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 400 * _DAY)
            .not_valid_after(now + 400 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        leaf = (
            x509.CertificateBuilder()
            .subject_name(_name(names[0]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 300 * _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(signer, critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        return cls(
            ca_pem=ca.public_bytes(pem).decode(),
            pem=leaf.public_bytes(pem).decode(),
            key_pem=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
            sha256=leaf.fingerprint(hashes.SHA256()).hex(),
        )

    @classmethod
    def kept(cls, path: Path, names: Sequence[str] = ("localhost", "127.0.0.1")) -> "Certificate":
        """The one in a file that only this account may read; made when missing, for other names, or near its end."""
        try:
            found = cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            pass
        else:
            if found._serves(names):
                return found
        made = cls.make(names, days=_KEPT_DAYS)
        write_private(path, json.dumps(asdict(made)))
        return made

    def _serves(self, names: Sequence[str]) -> bool:
        leaf = x509.load_pem_x509_certificate(self.pem.encode())
        shown = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        lasts = leaf.not_valid_after_utc - datetime.now(UTC) > _LEAST_DAYS * _DAY
        return lasts and list(shown) == [_general(name) for name in names]

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:  # the ssl module reads keys from files only
            path = Path(folder) / "server.pem"
            path.touch(mode=0o600)
            path.write_text(self.pem + self.key_pem)
            context.load_cert_chain(path)
        return context


def write_private(path: Path, text: str) -> None:
    """Replaces a file that only this account may read, as a whole or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.rename(path)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
