"""Replicas and bus servers are killed, frozen or restarted under load."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import SystemDriver
from testing.waiting import wait_until
from tests.cluster import bus, invariants
from tests.cluster.load import Load, Owner
from tests.cluster.processes import BUS, RELAYING, SERVICES, ClusterProcesses, passed, replicas

MOVED_WITHIN = 5.0  # seconds
TOLD_WITHIN = 20.0  # what leads to a mail may lie in frozen hands before: a message 4 s, a mail 6 s
FOUND_OUT = 4.0  # seconds until the gateway has left a frozen replica
PAGE_WITHIN = 3.0
FROZEN_FOR = 6.5  # longer than a lease, a message in hand, and the gateway's patience
TURNS = int(os.environ.get("TRADEHALL_CLUSTER_TURNS", "1"))
"""How often everything is done; more for a longer run."""
pytestmark = pytest.mark.timeout(120 + 180 * TURNS)  # each of the waits below has its own, shorter limit


@dataclass
class Cluster:
    var: Path
    driver: SystemDriver
    parts: ClusterProcesses
    owners: list[Owner]

    @property
    def nats_url(self) -> str:
        return str(self.driver.info["nats_url"])

    def whole(self) -> None:
        """Every process is ready, and every stream is on all servers of the bus."""
        wait_until(self.parts.all_ready, 40, "all replicas to be ready")
        wait_until(lambda: set(bus.copies(self.nats_url).values()) == {len(BUS)}, 40, "all streams to be copied")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    environment = {**os.environ, "TRADEHALL_STREAM_REPLICAS": str(len(BUS)), "TRADEHALL_DRAIN_SECONDS": "2"}
    with (
        temporary_folder() as var,
        Tradehall(var, environment=environment, replicas=2, bus_servers=len(BUS)) as system,
    ):
        driver = SystemDriver(system.info)
        made = Cluster(var, driver, ClusterProcesses(system, var), [Owner.of(driver) for _ in range(2)])
        made.whole()
        yield made
        driver.close()


def test_killing_and_freezing_a_bus_server_loses_and_duplicates_nothing(cluster: Cluster) -> None:
    leaders: list[Callable[[], str]] = [
        cluster.parts.meta_leader,
        lambda: bus.stream_leader(cluster.nats_url, "identity"),
    ]
    with Load(cluster.driver, cluster.owners, patient=True) as load:
        for turn in range(TURNS):
            cluster.parts.kill(leaders[turn % 2]())
            _go_on(load)
            cluster.whole()
            with cluster.parts.frozen(leaders[1 - turn % 2]()):
                passed(FROZEN_FOR)
            _go_on(load)
            cluster.whole()
    invariants.all_holds(cluster.driver, cluster.var, cluster.owners)


def test_the_relay_of_a_killed_or_frozen_replica_moves_within_five_seconds(cluster: Cluster) -> None:
    with bus.Witness(cluster.nats_url) as witness, Load(cluster.driver, cluster.owners, patient=True) as load:
        for _ in range(TURNS):
            relaying = {service: cluster.parts.relaying(service) for service in RELAYING}
            gone = {}
            with cluster.parts.replaced(relaying.values()):
                for service, victim in relaying.items():
                    cluster.parts.kill(victim)
                    gone[service] = time.time()
                    passed(0.5)
            _moved(witness, gone)
            _go_on(load)
            relaying = {service: cluster.parts.relaying(service) for service in RELAYING}
            with cluster.parts.frozen(*relaying.values()):
                gone = dict.fromkeys(RELAYING, time.time())
                passed(FROZEN_FOR)
                _moved(witness, gone)
                assert all(cluster.parts.relaying(service) != frozen for service, frozen in relaying.items())
            _go_on(load)
    cluster.whole()
    invariants.all_holds(cluster.driver, cluster.var, cluster.owners)
    invariants.every_guest_has_one_mail(cluster.driver, cluster.owners, killed=2 * TURNS)


def test_the_portal_works_with_one_replica_killed_or_frozen(cluster: Cluster) -> None:
    killed, frozen = replicas("portal")
    with Load(cluster.driver, cluster.owners, patient=False) as load:
        for _ in range(TURNS):
            _go_on(load)
            with cluster.parts.replaced([killed]):
                cluster.parts.kill(killed)
                _pages_shown(cluster.owners)
            with cluster.parts.frozen(frozen), ThreadPoolExecutor(8) as pool:
                at_once = [pool.submit(_pages_shown, [owner], times=1) for owner in cluster.owners * 4]
                passed(FOUND_OUT)
                assert _pages_shown(cluster.owners) < PAGE_WITHIN, "the gateway goes on asking the frozen replica"
                print(f"the slowest page took {max(one.result() for one in at_once):.1f} s")
            cluster.whole()
    assert load.refused == []


def test_a_rolling_restart_refuses_no_request(cluster: Cluster) -> None:
    with Load(cluster.driver, cluster.owners, patient=False) as load:
        _go_on(load)
        for _ in range(TURNS):
            for number in range(2):
                cluster.parts.restart(*(replicas(service)[number] for service in SERVICES))
        _go_on(load)
    print(f"{load.asked} requests during the restarts")
    assert load.refused == []
    invariants.all_holds(cluster.driver, cluster.var, cluster.owners)


def _go_on(load: Load) -> None:
    before = dict(load.rounds)
    wait_until(lambda: all(load.rounds[one] >= before.get(one, 0) + 3 for one in load.steps), 60, "people to go on")


def _moved(witness: bus.Witness, gone: Mapping[str, float]) -> None:
    """Each relay continues without the replica that was `gone` at that time: what was stored since then is
    published, and
    was on the bus soon after it was stored, as was what that replica had in hand."""
    for context, since in gone.items():
        wait_until(lambda c=context, s=since: witness.delays(c, s), TOLD_WITHIN, f"{context} to tell something new")  # type: ignore[misc]
        delays = witness.delays(context, since - 0.5)
        print(f"{context}: {len(delays)} events, the slowest after {max(delays):.2f} s")
        assert max(delays) < MOVED_WITHIN, f"{context}'s relay took {max(delays):.1f} s"


def _pages_shown(owners: list[Owner], times: int = 5) -> float:
    """Pages of the portal, one after another; how long the slowest took, in seconds."""
    slowest = 0.0
    for owner in owners * times:
        began = time.monotonic()
        answer = owner.page()
        assert answer.status_code == 200, answer.text
        slowest = max(slowest, time.monotonic() - began)
    return slowest
