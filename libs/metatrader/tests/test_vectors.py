"""The published examples of the protocol's arithmetic and of its frames."""

from metatrader.credentials import PasswordHash
from metatrader.mt5.cipher import ciphers
from metatrader.mt5.frames import FrameDecoder, encode_frame
from metatrader.mt5.text import Message

CLEAR = "demoPASWORD^123"
CRYPT_RAND = bytes.fromhex(
    "0de18c436abe58fc2517ee949086d588fca58a6d7fc76a3ff4e6d1f742dd845b"
    "e2d74c1a9b08e418909b15077deb20373ef55caf910e207c1cd1e349b25ca230"
    "d2bc83d070a5b7a0f866a482911d449c9f27c8638bdb82f8c67801b80b5b7e0f"
    "e576778c72fd993b6662e32f5284095e272416b2f698565cf9c3736cd744de9e"
    "24ee707727785291e1761a344a883625ded28ec358ac654fbe9a808c9d7e8b88"
    "960cb8b9197fa94b718a90b90192959bcd1a78bf3c7f777a1ce57240e6714d73"
    "43b99679d07867111e878ee7fe08ec66fbe41bcd277954851b8c8fb23985eb08"
    "34db51dfd3cd548af1535ce5c954042e7019c016a302c317c37720071e222fee"
)
SYMBOL_TOTAL = bytes.fromhex("530059004d0042004f004c005f0054004f00540041004c007c000d000a00")
ENCRYPTED = (
    bytes.fromhex("8c6f9e5343b25cd9a902d9f1d17ea99e3317a29f1c2a4bf8e890a954072f"),
    bytes.fromhex("7b9d6bd126851ae2133dc61c947796afe620e3b07a06027998217d5c7a64"),
)
DOCUMENTED = PasswordHash(bytes.fromhex("904ba8ecb16273d2f0ae9c3b8a023752"))


def test_the_hash_of_a_password() -> None:
    assert PasswordHash.derive(CLEAR).raw.hex() == "671b4f9dc1e896b30a4fc084122d3949"
    assert PasswordHash.derive("Password").raw.hex() == "fa09046941a1eff45d05308309f10e7c"


def test_the_answer_to_a_challenge_puts_the_hash_first() -> None:
    challenge = bytes.fromhex("904ba8ecb16273d2f0ae9c3b8a023752")
    assert PasswordHash.derive(CLEAR).answer(challenge).hex() == "280e4b5c1b77289603b9e048b3985058"


def test_the_key_material_of_a_password() -> None:
    chain = PasswordHash.derive(CLEAR).key_material(CRYPT_RAND)
    assert [part.hex() for part in chain[:4]] == [
        "054a2c5813c3d7e32e7da05bad7b11b0",
        "442325e1a1edd3f05cf91aa5893c6b0b",
        "da41d3b5ca5dcbfe56b9e5e1dca87d67",
        "1bd1d925618d3524333248b2c79eed72",
    ]


def test_the_key_material_of_the_documentation() -> None:
    chain = DOCUMENTED.key_material(bytes(range(256)))
    assert len(chain) == 16
    assert [chain[index].hex() for index in (0, 1, 2, 3, 15)] == [
        "b0ed3aa00c46c12260202166f8484536",
        "8f57767e6a2ca7a54c85776325f7677e",
        "1b6493c551ce24e2746982f0a15dc916",
        "57c68578ca6d4196107f83e6a8f4b48f",
        "70c65d37748166f082270af669327005",
    ]


def test_two_packets_in_a_row_drop_the_rest_of_a_block_and_keep_the_register() -> None:
    outgoing, _ = ciphers(PasswordHash.derive(CLEAR), CRYPT_RAND)
    assert [outgoing.apply(SYMBOL_TOTAL), outgoing.apply(SYMBOL_TOTAL)] == list(ENCRYPTED)
    incoming, _ = ciphers(PasswordHash.derive(CLEAR), CRYPT_RAND)
    assert [incoming.apply(packet) for packet in ENCRYPTED] == [SYMBOL_TOTAL, SYMBOL_TOTAL]


def test_a_command_is_utf_16_with_its_line_end() -> None:
    assert Message("SYMBOL_TOTAL").encode() == SYMBOL_TOTAL


def test_frames_of_commands() -> None:
    assert encode_frame(10, Message("TEST").encode()) == b"000e000a0" + "TEST|\r\n".encode("utf-16-le")
    symbol_next = encode_frame(3, Message("SYMBOL_NEXT", {"INDEX": "0"}).encode())
    assert symbol_next == b"002c00030" + "SYMBOL_NEXT|INDEX=0|\r\n".encode("utf-16-le")
    assert len(symbol_next) == 9 + 44


def test_documented_lengths_with_and_without_the_line_end() -> None:
    for header, text in ((b"001a00010", "COMMON_GET|\r\n"), (b"001600010", "COMMON_GET|")):
        decoder = FrameDecoder()
        decoder.feed(header + text.encode("utf-16-le"))
        frame = decoder.next()
        assert frame is not None
        assert Message.decode(frame.body) == Message("COMMON_GET")
