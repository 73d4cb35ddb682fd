"""The runner as a library, and what it keeps between starts."""

import asyncio
from pathlib import Path

import nats
import pytest

from deploy.local import Tradehall
from deploy.local.folder import VarFolder
from deploy.local.services import Service, ServiceEnvironment
from embedded import EmbeddedError, temporary_folder


def test_addresses_secrets_and_data_are_the_same_at_the_second_start() -> None:
    with temporary_folder() as folder:
        with Tradehall(folder / "var", services=()) as first:
            before = first.info
            asyncio.run(_may_read_only(before["nats_url"]))
        with Tradehall(folder / "var", services=()) as second:
            after = second.info
            assert second.pid("mailbox") != second.pid("nats")
    assert {**before, "pids": None} == {**after, "pids": None}


def test_the_simulators_keep_their_certificate_and_log_no_password() -> None:
    with temporary_folder() as folder:
        shown = []
        for _ in range(2):
            with Tradehall(folder / "var", services=(), demo=True) as system:
                shown.append(system.info["demo"])
        assert shown[0] == shown[1]
        assert "BEGIN CERTIFICATE" in shown[0]["mt5-rest"]["ca_pem"]
        for log in (folder / "var" / "log").glob("demo.log*"):
            assert "listening" in log.read_text()
            assert shown[0]["mt5-webapi"]["password"] not in log.read_text()
        assert {path.stat().st_mode & 0o077 for path in (folder / "var" / "demo").iterdir()} == {0}


async def _may_read_only(nats_url: str) -> None:
    refused: list[Exception] = []

    async def note(error: Exception) -> None:
        refused.append(error)

    connection = await nats.connect(nats_url, error_cb=note, inbox_prefix=b"_INBOX_observer")
    await connection.publish("evt.identity.x", b"forged")
    await connection.flush()
    await connection.drain()
    assert "permissions violation" in str(refused[0]).lower()


def test_too_little_disk_space_is_reported_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.folder._LEAST_FREE", 2**60)
    with temporary_folder() as folder, pytest.raises(EmbeddedError, match=r"only \d+ MB are free"):
        Tradehall(folder / "var", services=()).start()


def test_exported_settings_reach_the_services_but_override_none_of_the_runners(tmp_path: Path) -> None:
    exported = {
        "TRADEHALL_REGISTRATION": "invited",
        "TRADEHALL_POSTGRES_DSN": "postgresql://elsewhere/",
        "TRADEHALL_SMTP_PASSWORD": "x",
    }
    around = ServiceEnvironment("nats://127.0.0.1:1", "http://localhost:1", "http://127.0.0.1:1", 25, exported)
    environment = Service("identity", VarFolder(tmp_path)).process("postgresql://here/", around).program.environment
    assert environment["TRADEHALL_REGISTRATION"] == "invited"
    assert "TRADEHALL_POSTGRES_DSN" not in environment
    assert "TRADEHALL_SMTP_PASSWORD" not in environment
    assert Path(environment["TRADEHALL_POSTGRES_DSN_FILE"]).read_text() == "postgresql://here/"
    assert "TRADEHALL_SMTP_HOST" not in environment, "identity sends no mails"
    sender = Service("notifications", VarFolder(tmp_path)).process("postgresql://here/", around).program.environment
    assert sender["TRADEHALL_SMTP_HOST"] == "127.0.0.1"


def test_a_configured_mail_server_replaces_the_mailbox(tmp_path: Path) -> None:
    named = {
        "TRADEHALL_SMTP_HOST": "mail.example.com",
        "TRADEHALL_SMTP_PORT": "587",
        "TRADEHALL_SMTP_USER": "tradehall",
        "TRADEHALL_SMTP_PASSWORD_FILE": "/password",
    }
    around = ServiceEnvironment("nats://127.0.0.1:1", "http://localhost:1", "http://127.0.0.1:1", 25, named)
    service = Service("notifications", VarFolder(tmp_path))
    environment = service.process("postgresql://here/", around).program.environment
    assert {name: value for name, value in environment.items() if "SMTP" in name} == named
