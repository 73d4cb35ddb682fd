"""Settings that are refused, and what is made of those that are not."""

from typing import Any

import pytest

from notifications.settings import Settings
from notifications.tests.world import settings


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mail_from": "nobody"}, "write name@example.com"),
        ({"mail_from": "Hall <no-reply@bücher.example>"}, "in ASCII"),
        ({"mail_from": "x@y.example\r\nBcc: z@y.example"}, "line breaks"),
        ({"smtp_user": "u"}, "set both"),
        ({"smtp_password": "p"}, "set both"),
        ({"smtp_user": "u", "smtp_password": "p", "smtp_host": "mx.example"}, "must be starttls or tls"),
        ({"smtp_tls": "perhaps"}, "starttls"),
        ({"smtp_port": 0}, "greater than"),
    ],
)
def test_an_invalid_setting_is_refused_with_a_remedy(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings(**changes)


def test_every_missing_setting_is_named_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Settings.load({})
    said = capsys.readouterr().err
    assert "TRADEHALL_SMTP_HOST" in said
    assert "TRADEHALL_MAIL_FROM" in said


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        ("http://localhost:8080", "localhost"),
        ("https://Hall.Example/", "hall.example"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("http://[::1]:8080", "[IPv6:::1]"),
    ],
)
def test_message_ids_and_greetings_name_the_public_host(public_url: str, host: str) -> None:
    assert settings(public_url=public_url).host == host


def test_the_sender_has_a_name() -> None:
    assert str(settings(mail_from="no-reply@hall.example").sender) == "Tradehall <no-reply@hall.example>"
    assert settings(mail_from="My Hall <a@localhost>").sender.display_name == "My Hall"


def test_no_secret_shows_in_a_repr() -> None:
    given = settings(smtp_user="u", smtp_password="hush-hush")
    assert "hush-hush" not in repr(given)
