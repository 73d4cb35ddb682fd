"""Checks of the MetaTrader APIs against the simulators, over real sockets and with real faults."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from embedded.ports import free_port
from kit.operations.gauges import Expirations
from metatrader.simulator import Broker, Certificate, FaultKind, HttpsSimulator, Mt4Simulator, TcpSimulator, invent
from platforms.checks.domain import Result
from platforms.checks.history import CERTIFICATES
from platforms.tests.fake_servers import pretender
from platforms.tests.world import World, outcomes

pytestmark = pytest.mark.anyio

LOGIN = 1000
PASSWORD = "Correct-horse-1"
ALL = ["name", "port", "tls", "sign-in", "rights", "groups", "clock"]


@dataclass
class Server:
    """A simulator that a platform leads to."""

    world: World
    simulator: TcpSimulator | HttpsSimulator
    organization: UUID
    platform: UUID
    ca_pem: str | None

    async def check(self, **given: Any) -> Result:
        """Store credentials that are right by default, and check them."""
        right: dict[str, Any] = {
            "host": "localhost",
            "port": self.simulator.port,
            "login": str(LOGIN),
            "password": PASSWORD,
            "ca_pem": self.ca_pem,
        }
        self.world.give(self.organization, self.platform, **(right | given))
        return await self.world.check(self.organization, self.platform)

    def status(self) -> tuple[str, str | None]:
        return self.world.status(self.organization, self.platform)


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate.make()


@pytest.fixture
def broker() -> Broker:
    return invent(7, login=LOGIN, password=PASSWORD, users=4, trades=3)


@pytest.fixture(params=["mt5-webapi", "mt5-rest"])
async def server(
    request: pytest.FixtureRequest, world: World, broker: Broker, certificate: Certificate
) -> AsyncIterator[Server]:
    organization, platform = world.platform(api=request.param)
    if request.param == "mt5-webapi":
        simulator: TcpSimulator | HttpsSimulator = TcpSimulator(broker)
        ca_pem = None
    else:
        simulator = HttpsSimulator(broker, certificate.server_context())
        ca_pem = certificate.ca_pem
    async with simulator:
        yield Server(world, simulator, organization, platform, ca_pem)


def last(result: Result) -> tuple[str, str]:
    return result.steps[-1].name, result.steps[-1].outcome


async def test_a_healthy_server_passes_every_stage(server: Server) -> None:
    result = await server.check()
    assert (result.outcome, list(outcomes(result))) == ("ok", ALL), result
    assert set(outcomes(result).values()) == {"ok"}
    assert result.zone_minutes == 120
    assert server.status() == ("ok", None)
    (plan,) = server.world.rows("check_plans")
    assert (plan["state"], plan["failures"], plan["zone_minutes"]) == ("ok", 0, 120)
    ends = Expirations("certificate", server.world.database, CERTIFICATES)
    assert ends.refresh()
    if server.ca_pem is None:
        assert plan["certificate_ends_at"] is None
    else:
        assert plan["certificate_ends_at"] - datetime.now(UTC) > timedelta(days=29)
        first = REGISTRY.get_sample_value("tradehall_first_end_timestamp_seconds", {"what": "certificate"})
        assert first == plan["certificate_ends_at"].timestamp()
        assert REGISTRY.get_sample_value("tradehall_ending", {"what": "certificate", "within": "7d"}) == 0
        assert REGISTRY.get_sample_value("tradehall_ending", {"what": "certificate", "within": "30d"}) == 1


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"password": "another"}, "bad-credentials"),
        ({"login": "999"}, "bad-credentials"),
        ({"login": str(LOGIN + 1)}, "account-disabled"),
        ({"login": str(LOGIN + 2)}, "address-blocked"),
    ],
)
async def test_a_refusal_says_why_and_stops_the_schedule_until_the_credentials_change(
    server: Server, given: dict[str, Any], outcome: str
) -> None:
    result = await server.check(**given)
    assert (result.outcome, last(result)) == (outcome, ("sign-in", outcome))
    assert server.status() == ("refused", outcome)
    (plan,) = server.world.rows("check_plans")
    assert plan["next_at"] is None
    assert (await server.check()).outcome == "ok"
    assert server.status() == ("ok", None)
    (plan,) = server.world.rows("check_plans")
    assert plan["next_at"] > server.world.clock.now


async def test_missing_manager_rights_are_a_warning(server: Server) -> None:
    result = await server.check(login=str(LOGIN + 3))
    assert result.outcome == "degraded"
    assert outcomes(result)["rights"] == "right-missing"
    detail = next(step.detail for step in result.steps if step.name == "rights")
    assert "see deals" in detail
    assert "see positions" in detail
    assert server.status() == ("degraded", "right-missing")


async def test_a_manager_without_groups_is_reported(server: Server, broker: Broker) -> None:
    broker.users.clear()
    result = await server.check()
    assert outcomes(result)["groups"] == "no-groups"
    assert server.status() == ("degraded", "no-groups")


async def test_a_clock_that_differs_is_a_warning_and_a_time_zone_is_none(
    server: Server, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = broker.clock
    monkeypatch.setattr(broker, "clock", lambda: right() + 400)
    result = await server.check()
    assert outcomes(result)["clock"] == "clock-differs"
    assert "400 s ahead" in result.steps[-1].detail or "399 s ahead" in result.steps[-1].detail
    assert server.status() == ("degraded", "clock-differs")


@pytest.mark.parametrize(
    ("kind", "command", "outcome"),
    [
        (FaultKind.CLOSE, "AUTH_START", "connection-lost"),
        (FaultKind.RESET, "AUTH_ANSWER", "connection-lost"),
        (FaultKind.LYING, "AUTH_ANSWER", "server-not-proven"),
        (FaultKind.BAD_TEXT, "AUTH_START", "protocol-error"),
    ],
)
async def test_a_failed_or_forged_sign_in_is_reported(
    server: Server, kind: FaultKind, command: str, outcome: str
) -> None:
    server.simulator.faults.add(kind, command)
    result = await server.check()
    assert last(result) == ("sign-in", outcome)
    assert server.status() == ("refused" if outcome == "server-not-proven" else "lost", outcome)


async def test_a_later_failure_is_reported_at_its_stage(server: Server) -> None:
    server.simulator.faults.add(FaultKind.RETCODE, "GROUP_TOTAL", retcode=15)
    result = await server.check()
    assert last(result) == ("groups", "server-busy")
    assert server.status() == ("lost", "server-busy")


async def test_a_stopped_server_is_lost_and_retried_with_backoff(server: Server) -> None:
    await server.check()
    world = server.world
    await server.simulator.__aexit__(None, None, None)
    pauses = []
    for _ in range(4):
        result = await world.check(server.organization, server.platform)
        assert last(result) == ("port", "port-closed")
        (plan,) = world.rows("check_plans")
        pauses.append((plan["next_at"] - result.checked_at).total_seconds())
    assert server.status() == ("lost", "port-closed")
    assert pauses[0] < 75
    assert pauses[-1] > 300
    assert world.kinds().count("PlatformStatusChanged") == 2
    await server.simulator.__aenter__()


async def test_a_silent_server_ends_the_stage_at_its_deadline(world: World, broker: Broker) -> None:
    organization, platform = world.platform()
    async with TcpSimulator(broker) as simulator:
        simulator.faults.add(FaultKind.SILENT, "AUTH_START")
        world.give(organization, platform, host="localhost", port=simulator.port)
        result = await world.check(organization, platform)
    assert last(result) == ("sign-in", "timeout")
    assert result.steps[-1].duration_ms < 16_000


async def test_an_unknown_host_name_is_reported(server: Server) -> None:
    result = await server.check(host="nobody.invalid")
    assert last(result) == ("name", "name-not-found")
    assert server.status() == ("lost", "name-not-found")


async def test_private_addresses_are_refused_unless_the_operator_allows_them(postgres_dsn: str, broker: Broker) -> None:
    world = World(postgres_dsn, private_allowed=False)
    organization, platform = world.platform()
    async with TcpSimulator(broker) as simulator:
        world.give(organization, platform, host="localhost", port=simulator.port)
        result = await world.check(organization, platform)
        assert last(result) == ("name", "address-not-allowed")
        assert simulator.journal.entries == []
    world.database.close()


@pytest.mark.parametrize(
    ("names", "days", "trusted", "words"),
    [
        (("other.example",), 30, True, "Give the host by the name in the certificate"),
        (("localhost",), -1, True, "renewed"),
        (("localhost",), 30, False, "ca_pem"),
    ],
)
async def test_a_certificate_that_is_not_accepted_says_what_to_do(
    world: World, broker: Broker, names: tuple[str, ...], days: int, trusted: bool, words: str
) -> None:
    organization, platform = world.platform(api="mt5-rest")
    shown, other = Certificate.make(names, days=days), Certificate.make()
    async with HttpsSimulator(broker, shown.server_context()) as simulator:
        ca_pem = shown.ca_pem if trusted else other.ca_pem
        world.give(organization, platform, host="localhost", port=simulator.port, ca_pem=ca_pem)
        result = await world.check(organization, platform)
    assert last(result) == ("tls", "tls-failed")
    assert words in result.steps[-1].detail
    assert world.status(organization, platform) == ("lost", "tls-failed")


async def test_a_certificate_that_ends_soon_is_a_warning(world: World, broker: Broker) -> None:
    organization, platform = world.platform(api="mt5-rest")
    shown = Certificate.make(days=5)
    async with HttpsSimulator(broker, shown.server_context()) as simulator:
        world.give(
            organization, platform, host="localhost", port=simulator.port, login=str(LOGIN), password=PASSWORD,
            ca_pem=shown.ca_pem,
        )  # fmt: skip
        result = await world.check(organization, platform)
    assert (result.outcome, result.reason) == ("degraded", "certificate-ends-soon")


async def test_a_port_without_tls_is_reported(world: World) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 not what you look for\r\n")
        await reader.read(100)

    organization, platform = world.platform(api="mt5-rest")
    async with pretender(plain) as port:
        world.give(organization, platform, host="127.0.0.1", port=port)
        result = await world.check(organization, platform)
    assert last(result) == ("tls", "tls-failed")


@pytest.mark.parametrize(("kind", "api"), [("mt4", "mt4-manager"), ("mt5", "mt5-manager")])
async def test_a_manager_api_cannot_be_checked_beyond_its_port(
    world: World, broker: Broker, kind: str, api: str
) -> None:
    organization, platform = world.platform(kind=kind, api=api)
    async with TcpSimulator(broker) as simulator:
        world.give(organization, platform, host="127.0.0.1", port=simulator.port)
        result = await world.check(organization, platform)
    assert outcomes(result) == {"name": "ok", "port": "ok", "sign-in": "not-checkable"}
    assert result.outcome == "not-checkable"
    assert world.status(organization, platform) == ("unknown", "not-checkable")
    world.give(organization, platform, host="127.0.0.1", port=free_port(None))
    assert (await world.check(organization, platform)).outcome == "port-closed"


async def test_mt4_web_services_give_quotes_and_a_warning(world: World, broker: Broker) -> None:
    organization, platform = world.platform(kind="mt4", api="mt4-web")
    async with Mt4Simulator(broker) as simulator:
        world.give(organization, platform, host="127.0.0.1", port=simulator.port)
        result = await world.check(organization, platform)
        assert outcomes(result) == {"name": "ok", "port": "ok", "plaintext": "plaintext", "quotes": "ok"}
        assert world.status(organization, platform) == ("degraded", "plaintext")
        simulator.faults.add(FaultKind.CLOSE, "WQUOTES")
        result = await world.check(organization, platform)
    assert result.steps[-1].name == "quotes"
    assert result.steps[-1].outcome != "ok"


async def test_a_result_of_replaced_credentials_does_not_change_the_status(server: Server) -> None:
    world = server.world
    await server.check()
    stored = world.credentials.stored(server.organization, server.platform, "api", "check")
    world.give(server.organization, server.platform, host="localhost", port=1)
    await world.checker.result(server.organization, server.platform, "api", stored, "demand")
    assert len(world.history.read(server.platform, None, 10)) == 2
    await world.check(server.organization, server.platform)
    assert server.status() == ("lost", "port-closed")
    await world.checker.result(server.organization, server.platform, "api", stored, "demand")
    assert server.status() == ("lost", "port-closed")


async def test_a_check_runs_while_its_platform_is_removed(server: Server) -> None:
    world = server.world
    result = await server.check()
    stored = world.credentials.stored(server.organization, server.platform, "api", "check")
    world.platforms.remove(server.organization, server.platform)
    again = await world.checker.result(server.organization, server.platform, "api", stored, "demand")
    assert (result.outcome, again.outcome) == ("ok", "ok")
    assert world.rows("check_results") == []
    assert world.rows("check_plans") == []
