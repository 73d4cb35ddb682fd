"""A short run of the harness, which shows that it would notice, too."""

from collections.abc import Iterator

import pytest

from tests.faults.asking import Broken
from tests.faults.invariants import settled
from tests.faults.plan import KINDS, Plan
from tests.faults.run import Trial

pytestmark = pytest.mark.timeout(400)  # each of its waits has a shorter limit, and says what it waited for
SEEDS = (6, 172)
"""Between them, every kind of fault."""


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    with Trial.running() as made:
        yield made


def test_a_seed_says_everything_that_is_done() -> None:
    assert Plan.of(5) == Plan.of(5) != Plan.of(6)
    assert Plan.of(5).random(1).random() == Plan.of(5).random(1).random()


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_lose_double_and_show_nothing(trial: Trial, seed: int) -> None:
    outcome = trial.run(seed)
    assert outcome.broken is None, str(outcome)
    assert outcome.acknowledged > 25


def test_the_seeds_hold_every_kind_of_fault() -> None:
    assert {fault.kind for seed in SEEDS for fault in Plan.of(seed).faults} == set(KINDS)


def test_what_a_stream_has_lost_is_noticed(trial: Trial) -> None:
    trial.battered.lose_a_message("ORGANIZATIONS")
    with pytest.raises(Broken, match="not as stored"):
        settled(trial.inspection)
