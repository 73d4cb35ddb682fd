"""Names as mails show them."""

import pytest

from notifications.mails.names import display_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme", "Acme"),
        ("  Acme \t Ltd.  ", "Acme Ltd."),
        ("Acme\r\nBcc: x", "Acme Bcc: x"),
        ("Acme\u2028Ltd", "Acme Ltd"),
        ("\u202eemcA", "emcA"),
        ("a\u200bb\ufeffc\0d", "abcd"),
        ("https://evil.example/x", "https evil.example/x"),
        ("Zoe\u0308", "Zoë"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 119 + "…"),
        ("x" * 200, "x" * 119 + "…"),
    ],
)
def test_a_name_is_one_line_of_visible_text(name: str, shown: str) -> None:
    assert display_name(name) == shown
