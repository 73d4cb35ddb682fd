"""HTTPS: whose certificate is trusted, which address is dialled, and what HTTP may bring besides."""

import json
import ssl
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from metatrader import Mt5HttpsClient
from metatrader.errors import (
    ConnectionLost,
    InvalidValue,
    PermissionDenied,
    ProtocolError,
    TlsFailed,
    Unavailable,
)
from metatrader.mt5.https import tls_context
from metatrader.simulator import Broker, Certificate, FaultKind, HttpsSimulator

pytestmark = pytest.mark.anyio

OTHER = Certificate.make(["other.example.com"])


def client(simulator: HttpsSimulator, host: str = "localhost", **options: Any) -> Mt5HttpsClient:
    return Mt5HttpsClient(host, simulator.port, address="127.0.0.1", login=1000, password="Correct-horse-1", **options)


async def test_a_given_authority_is_trusted(https: Any) -> None:
    async with client(https.simulator, ca_pem=https.certificate.ca_pem) as mt5:
        assert await mt5.symbol_total() == 6


async def test_the_servers_own_certificate_may_be_given_as_the_authority(https: Any) -> None:
    async with client(https.simulator, ca_pem=https.certificate.pem) as mt5:
        assert await mt5.symbol_total() == 6


async def test_without_a_given_authority_the_systems_are_used(https: Any) -> None:
    with pytest.raises(TlsFailed, match=r"certificate|issuer"):
        await client(https.simulator).__aenter__()


async def test_another_authority_is_not_trusted(https: Any) -> None:
    with pytest.raises(TlsFailed):
        await client(https.simulator, ca_pem=OTHER.ca_pem).__aenter__()
    assert https.simulator.journal.count("AUTH_START") == 0


async def test_the_certificate_must_match_the_host_not_the_address(https: Any) -> None:
    with pytest.raises(TlsFailed, match=r"(?i)hostname|name"):
        await client(https.simulator, "mt5.example.com", ca_pem=https.certificate.ca_pem).__aenter__()


async def test_an_unresolvable_host_is_reached_by_its_address(broker: Broker) -> None:
    certificate = Certificate.make(["mt5.invalid"])
    async with (
        HttpsSimulator(broker, certificate.server_context()) as simulator,
        client(simulator, "mt5.invalid", ca_pem=certificate.ca_pem) as mt5,
    ):
        assert await mt5.symbol_total() == 6


async def test_an_address_may_be_the_host(https: Any) -> None:
    async with client(https.simulator, "127.0.0.1", ca_pem=https.certificate.ca_pem) as mt5:
        assert await mt5.symbol_total() == 6


async def test_an_expired_certificate(broker: Broker) -> None:
    expired = Certificate.make(days=-1)
    async with HttpsSimulator(broker, expired.server_context()) as simulator:
        with pytest.raises(TlsFailed, match="expired"):
            await client(simulator, ca_pem=expired.ca_pem).__aenter__()


@pytest.mark.parametrize("write", [str.lower, lambda text: ":".join(text[i : i + 2] for i in range(0, 64, 2)).upper()])
async def test_a_pinned_certificate_needs_neither_authority_nor_name(https: Any, write: Callable[[str], str]) -> None:
    pin = write(https.certificate.sha256)
    async with client(https.simulator, "anything.invalid", pinned_sha256=pin) as mt5:
        assert await mt5.symbol_total() == 6


async def test_a_certificate_other_than_the_pinned_one_is_refused(https: Any) -> None:
    with pytest.raises(TlsFailed, match=https.certificate.sha256):
        await client(https.simulator, pinned_sha256=OTHER.sha256).__aenter__()
    assert https.simulator.journal.count("AUTH_START") == 0


async def test_a_server_without_tls(tcp: Any) -> None:
    with pytest.raises(TlsFailed):
        await client(tcp.simulator, ca_pem=tcp.certificate.ca_pem).__aenter__()


@pytest.mark.parametrize("options", [{"pinned_sha256": "ab"}, {"pinned_sha256": "zz" * 32}, {"ca_pem": "no PEM"}])
async def test_an_invalid_certificate_or_pin_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match=next(iter(options))):
        Mt5HttpsClient("localhost", login=1, password="x", **options)


async def test_redirects_are_not_followed(https: Any) -> None:
    https.simulator.faults.add(FaultKind.HTTP, "AUTH_START", retcode=302)
    with pytest.raises(ProtocolError, match="redirects"):
        await https.client().__aenter__()


async def test_a_failing_server_is_unavailable_and_its_session_goes_on(https: Any) -> None:
    async with https.client() as mt5:
        https.simulator.faults.add(FaultKind.HTTP, "SYMBOL_TOTAL", retcode=503)
        with pytest.raises(Unavailable, match="503"):
            await mt5.symbol_total()
        assert await mt5.symbol_total() == 6
        assert https.simulator.journal.count("CONNECTED") == 1


async def test_a_403_without_a_code_is_permission_denied(https: Any) -> None:
    async with https.client() as mt5:
        https.simulator.faults.add(FaultKind.HTTP, "SYMBOL_TOTAL", retcode=403)
        with pytest.raises(PermissionDenied):
            await mt5.symbol_total()
        assert https.simulator.journal.count("TEST_ACCESS") == 1


async def test_a_401_after_the_session_expired_signs_in_again(https: Any) -> None:
    async with https.client() as mt5:
        https.simulator.faults.add(FaultKind.HTTP, "SYMBOL_TOTAL", retcode=401)
        https.simulator.faults.add(FaultKind.HTTP, "TEST_ACCESS", retcode=401)
        assert await mt5.symbol_total() == 6
        assert https.simulator.journal.count("CONNECTED") == 2


async def test_a_refused_sign_in_without_a_code(https: Any) -> None:
    https.simulator.faults.add(FaultKind.HTTP, "AUTH_START", retcode=403)
    with pytest.raises(PermissionDenied) as caught:
        await https.client().__aenter__()
    assert caught.value.permanent


async def test_a_lost_connection_during_the_sign_in_is_not_replaced(https: Any) -> None:
    async with https.client() as mt5:
        await https.simulator.drop()
        await https.simulator.journal.wait_for("CLOSED")
        with pytest.raises(ConnectionLost):
            await mt5.user_password_check(100_001, "x")
        assert https.simulator.journal.count("USER_PASS_CHECK") == 0


async def test_passwords_stay_out_of_urls(https: Any) -> None:
    async with https.client() as mt5:
        await mt5.user_password_check(100_001, "Main-100001")
    assert https.simulator.journal.count("USER_PASS_CHECK") == 1


def test_a_stored_certificate_is_reused_until_names_change_or_it_expires(tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    first = Certificate.kept(path)
    assert Certificate.kept(path) == first
    assert path.stat().st_mode & 0o077 == 0
    other = Certificate.kept(path, ["mt5.example.com"])
    assert other != first
    ending = Certificate.make(["mt5.example.com"], days=20)
    path.write_text(json.dumps(asdict(ending)))
    assert Certificate.kept(path, ["mt5.example.com"]) not in (other, ending)
    path.write_text("{")
    assert Certificate.kept(path).ca_pem


def test_a_pinned_certificate_may_violate_rfc_5280() -> None:
    assert not tls_context(OTHER.ca_pem, None).verify_flags & ssl.VERIFY_X509_STRICT
