"""A short run of schemathesis; `make fuzz` runs longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts import fuzzing
from tests.contracts.example_requests import operations
from tests.contracts.world import World


@pytest.fixture(scope="module")
def system() -> Iterator[tuple[World, Path]]:
    """One of its own: limits of network addresses are used up."""
    with fuzzing.system() as found:
        yield found


@pytest.mark.timeout(600)
def test_edge_cases_and_invalid_requests_are_answered_as_documented(system: tuple[World, Path], tmp_path: Path) -> None:
    done = fuzzing.run(system[0], tmp_path, "--phases", "examples,coverage", "--seed", "1")
    assert done.returncode == 0, done.stdout
    assert f"Tested: {len(operations())}\n" in done.stdout
    assert fuzzing.unexpected(system[1]) == []


def test_created_resources_exist_until_they_are_removed(system: tuple[World, Path], tmp_path: Path) -> None:
    stateful = ("--phases", "stateful", "--mode", "positive", "--max-examples", "15", "--seed", "1")
    only = ("--include-path-regex", "^/api/v1/organizations")
    done = fuzzing.run(system[0], tmp_path, *stateful, *only, narrow=False)
    assert done.returncode == 0, done.stdout
    assert fuzzing.unexpected(system[1]) == []
