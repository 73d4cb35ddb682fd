"""docs/security.md names places and tests; they must be there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+) \| `([^`]+)` \| `(test_[a-z0-9_]+)` \|$", PAGE, re.MULTILINE)
STANDARDS = (
    *(f"RFC {number} " for number in (6749, 6750, 7009, 7636, 7662, 8252, 8414, 8725, 9068, 9207, 9700)),
    "OpenID Connect Core ",
    "OpenID Connect Discovery ",
    "RP-Initiated Logout ",
)


def test_the_places_and_tests_that_the_page_names_are_there() -> None:
    sources = [
        path for folder in ("libs", "services", "deploy", "tests") for path in (ROOT / folder).rglob("test_*.py")
    ]
    there = {name for path in sources for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))}
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE))
    places = set(re.findall(r"`((?:libs|services|deploy|tests|docs)/[^`*]+)`", PAGE))

    assert sorted(named - there) == []
    assert sorted(place for place in places if not (ROOT / place).exists()) == []


@pytest.mark.parametrize("standard", STANDARDS)
def test_each_standard_has_its_requirements_in_the_table(standard: str) -> None:
    assert [place for requirement, place, _ in ROWS if requirement.startswith(standard)]


def test_each_requirement_stands_there_once() -> None:
    requirements = [requirement for requirement, _, _ in ROWS]
    assert len(requirements) == len(set(requirements)) >= 50
