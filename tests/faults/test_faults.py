"""A short run of the harness, which shows that it would notice, too."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.invariants import settled
from tests.faults.plan import KINDS, SERVERS, SERVICES, Fault, Plan
from tests.faults.retrying import Broken
from tests.faults.run import Trial

pytestmark = pytest.mark.timeout(400)  # each of its waits has a shorter limit, and says what it waited for
SEEDS = (6, 172)
"""Between them, every kind of fault."""


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    with Trial.running() as made:
        yield made


def test_a_seed_determines_all_actions() -> None:
    assert Plan.of(5) == Plan.of(5) != Plan.of(6)
    assert Plan.of(5).random(1).random() == Plan.of(5).random(1).random()


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_lose_duplicate_and_disclose_nothing(trial: Trial, seed: int) -> None:
    outcome = trial.run(seed)
    assert outcome.broken is None, str(outcome)
    assert outcome.acknowledged > 25


def test_killing_and_freezing_every_process_loses_and_duplicates_nothing(
    trial: Trial,
) -> None:
    """Each after two more operations; PostgreSQL ends at once, and recovers."""
    parts = [*SERVICES, *SERVERS]
    kinds = [("restart" if part == "postgres" else "kill", part) for part in parts] + [
        ("freeze", part) for part in parts
    ]
    faults = [Fault(kind, part, 2 * number, 2.0) for number, (kind, part) in enumerate([*kinds, ("wipe", "nats")])]
    outcome = trial.follow(replace(Plan.of(0), faults=tuple(faults)))
    assert outcome.broken is None, str(outcome)
    assert outcome.acknowledged > 25


def test_the_seeds_cover_every_kind_of_fault() -> None:
    assert {fault.kind for seed in SEEDS for fault in Plan.of(seed).faults} == set(KINDS)


def test_a_lost_message_of_a_stream_is_detected(trial: Trial) -> None:
    trial.battered.lose_a_message("ORGANIZATIONS")
    with pytest.raises(Broken, match="not as stored"):
        settled(trial.inspection)
