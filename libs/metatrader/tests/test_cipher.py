"""The packets' encryption, whatever the sizes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metatrader.credentials import PasswordHash
from metatrader.errors import InvalidValue, ProtocolError
from metatrader.mt5.cipher import ciphers

HASH = PasswordHash.derive("Secret-1")
RAND = bytes(range(256))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=70), max_size=10))
def test_packets_come_back_in_their_order(packets: list[bytes]) -> None:
    there, _ = ciphers(HASH, RAND)
    here, _ = ciphers(HASH, RAND)
    assert [here.apply(there.apply(packet)) for packet in packets] == packets


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=70), min_size=1, max_size=10))
def test_each_packet_begins_a_new_block(packets: list[bytes]) -> None:
    cipher, _ = ciphers(HASH, RAND)
    blocks = [-(-len(packet) // 16) for packet in packets]
    stream = ciphers(HASH, RAND)[0].apply(bytes(16 * sum(blocks)))
    start = 0
    for packet, used in zip(packets, blocks, strict=True):
        keystream = stream[start : start + len(packet)]
        assert cipher.apply(packet) == bytes(a ^ b for a, b in zip(packet, keystream, strict=True))
        start += 16 * used


def test_an_empty_packet_leaves_the_register_alone() -> None:
    one, _ = ciphers(HASH, RAND)
    other, _ = ciphers(HASH, RAND)
    assert one.apply(b"") == b""
    assert one.apply(b"abc") == other.apply(b"abc")


@pytest.mark.parametrize("size", [0, 16, 255, 257])
def test_crypt_rand_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ProtocolError, match="CRYPT_RAND"):
        ciphers(HASH, bytes(size))


def test_a_hash_has_sixteen_bytes_and_is_not_shown() -> None:
    with pytest.raises(InvalidValue, match="16 bytes"):
        PasswordHash(b"short")
    assert HASH.raw.hex() not in repr(HASH)
    assert PasswordHash(HASH.raw) == HASH
    assert len({HASH, PasswordHash(HASH.raw)}) == 1
    with pytest.raises(InvalidValue, match="half a character"):
        PasswordHash.derive("\udc00")
