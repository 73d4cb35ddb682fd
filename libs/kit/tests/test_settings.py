"""Settings from an environment."""

import pytest

from kit.settings import HttpSettings

_OTHERS = {"TRADEHALL_SERVICE_PORT": "0", "TRADEHALL_POSTGRES_DSN": "", "TRADEHALL_MASTER_KEY": ""}


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ({"TRADEHALL_PUBLIC_URL": "https://tradehall.example/"}, "https://tradehall.example"),
        ({"TRADEHALL_PUBLIC_URL": "", "TRADEHALL_GATEWAY_PORT": "8081"}, "http://localhost:8081"),
        ({"TRADEHALL_PUBLIC_URL": "https://t.example", "TRADEHALL_GATEWAY_PORT": "8081"}, "https://t.example"),
    ],
)
def test_the_public_address_defaults_to_the_local_gateway(named: dict[str, str], address: str) -> None:
    assert HttpSettings.load({**_OTHERS, **named}).public_url == address


@pytest.mark.parametrize("named", [{}, {"TRADEHALL_PUBLIC_URL": ""}])
def test_a_missing_setting_stops_the_start_with_a_sentence(
    named: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        HttpSettings.load({**_OTHERS, **named})
    assert "TRADEHALL_PUBLIC_URL (or TRADEHALL_PUBLIC_URL_FILE): " in capsys.readouterr().err
