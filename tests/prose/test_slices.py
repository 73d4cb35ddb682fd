"""The README of a service lists its slices, with paths that exist."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "notifications", "organizations", "platforms")
DOCUMENT = json.loads((ROOT / "docs" / "openapi" / "openapi.json").read_text(encoding="utf-8"))
# Paths below these belong to several slices.
SEVERAL = {"/api/v1/organizations", "/api/v1/organizations/{org}"}
OF_EVERY_SERVICE = tuple(f"/api/v1/operations/{service}" for service in SERVICES)


def readme(service: str) -> str:
    return (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", SERVICES)
def test_every_slice_is_listed(service: str) -> None:
    found = {path.parent.name for path in (ROOT / "services" / service).glob("*/__init__.py")} - {"tests"}
    listed = set(re.findall(r"^\| `(\w+)` \|", readme(service), re.MULTILINE))
    assert found <= listed


@pytest.mark.parametrize("service", SERVICES)
def test_every_listed_path_is_in_the_api(service: str) -> None:
    listed = set(re.findall(r"`(/api/[^`]+)`", readme(service)))
    assert listed <= set(DOCUMENT["paths"])


def test_every_route_is_at_or_below_a_listed_path_of_its_subject() -> None:
    listed = set(re.findall(r"`(/[^`]+)`", "".join(map(readme, SERVICES))))
    subjects = listed - SEVERAL
    unlisted = {path for path in set(DOCUMENT["paths"]) - listed if not path.startswith(OF_EVERY_SERVICE)}
    assert {path for path in unlisted if not any(path.startswith(f"{subject}/") for subject in subjects)} == set()
