"""Encryption of packets: AES-256 in output feedback mode, each packet starting with a fresh block."""

# The package calls OFB outdated, rightly: it protects no integrity. The protocol knows nothing better; HTTPS does.
from cryptography.hazmat.decrepit.ciphers.modes import OFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from metatrader.credentials import PasswordHash
from metatrader.errors import ProtocolError

CRYPT_RAND = 256
_BLOCK = 16


class PacketCipher:
    """One direction of a connection. The register is kept between packets; the unused rest of a packet's last
    block is dropped."""

    def __init__(self, key: bytes, register: bytes) -> None:
        self._keystream = Cipher(AES(key), OFB(register)).encryptor()

    def apply(self, body: bytes) -> bytes:
        """Encrypts or decrypts, which are the same, the next packet's body; an empty one changes nothing."""
        padding = -len(body) % _BLOCK
        return self._keystream.update(body + bytes(padding))[: len(body)]


def ciphers(password: PasswordHash, crypt_rand: bytes) -> tuple[PacketCipher, PacketCipher]:
    """Client to server, and server to client; raises ProtocolError unless CRYPT_RAND has 256 bytes."""
    if len(crypt_rand) != CRYPT_RAND:
        raise ProtocolError("CRYPT_RAND does not have 256 bytes")
    chain = password.key_material(crypt_rand)
    key = chain[0] + chain[1]
    return PacketCipher(key, chain[2]), PacketCipher(key, chain[3])
