"""Programs of the operator's own, as TRADEHALL_FIRST_PARTY_CLIENTS names them."""

import json
from pathlib import Path
from typing import Any

import pytest

from identity.oauth.known_clients import first_party
from identity.settings import Settings

SECRET = "a secret of the front desk, 256 bits long"
DESK: dict[str, Any] = {
    "client_id": "front-desk",
    "client_secret": SECRET,
    "redirect_uris": ["https://desk.example/callback", "http://localhost:9000/callback"],
    "post_logout_redirect_uris": ["https://desk.example/"],
}
NAME = "TRADEHALL_FIRST_PARTY_CLIENTS"
OTHERS = {
    "TRADEHALL_SERVICE_PORT": "8081",
    "TRADEHALL_POSTGRES_DSN": "postgresql://unused",
    "TRADEHALL_MASTER_KEY": "unused",
    "TRADEHALL_PUBLIC_URL": "https://hall.example",
    "TRADEHALL_NATS_URL": "nats://unused",
    "TRADEHALL_NATS_PASSWORD": "unused",
}


def test_a_program_is_known_by_its_addresses_and_its_secret(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    file.write_text(json.dumps([DESK]))
    settings = Settings.load({**OTHERS, f"{NAME}_FILE": str(file)})
    client = first_party(settings.public_url, None, settings.first_party_clients)["front-desk"]
    assert client.check_redirect_uri("https://desk.example/callback")
    assert not client.check_redirect_uri("https://desk.example/callback/")
    assert client.check_post_logout_redirect_uri("https://desk.example/")
    assert not client.check_post_logout_redirect_uri("https://desk.example/callback")
    assert client.check_client_secret(SECRET)
    assert not client.check_client_secret("")
    assert client.auth_methods == {"client_secret_basic", "client_secret_post"}
    assert SECRET not in repr(settings) + repr(client)


def test_without_the_setting_there_are_no_first_party_clients() -> None:
    assert Settings.load(OTHERS).first_party_clients == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_id": "tradehall-cli"}, "tradehall-cli"),
        ({"client_id": "thc_0123"}, "client_id"),
        ({"client_secret": "short"}, "client_secret"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"redirect_uris": ["http://desk.example/callback"]}, "redirect_uris"),
        ({"redirect_uris": ["https://desk.example/callback#part"]}, "redirect_uris"),
        ({"redirect_uris": ["https://desk.example/callback?a=b"]}, "redirect_uris"),
        ({"redirect_uris": ["https://hall.example@desk.example/callback"]}, "redirect_uris"),
        ({"redirect_uris": ["https://*.desk.example/callback"]}, "wildcard"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "redirect_uris"),
        ({"post_logout_redirect_uris": ["/goodbye"]}, "post_logout_redirect_uris"),
        ({"consent": True}, "consent"),
    ],
)
def test_an_invalid_program_stops_the_start_with_a_sentence(
    changes: dict[str, Any], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        Settings.load({**OTHERS, NAME: json.dumps([DESK | changes])})
    told = capsys.readouterr().err
    assert told.startswith(NAME)
    assert named in told
    assert SECRET not in told
    assert "short" not in told


def test_duplicate_program_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Settings.load({**OTHERS, NAME: json.dumps([DESK, DESK])})
    assert "front-desk" in capsys.readouterr().err
