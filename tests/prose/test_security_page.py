"""Pages that give files and tests as evidence name only what exists."""

import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(DOCS / f"{name}.md" for name in ("security", "architecture", "faults", "conformance")),
    *sorted((DOCS / "security").glob("*.md")),
    *sorted((DOCS / "decisions").glob("*.md")),
]
FOLDERS = ("libs", "services", "deploy", "tests", "testing", "docs")
STANDARDS = (
    *(f"RFC {number} " for number in (6749, 6750, 7009, 7636, 7662, 8252, 8414, 8725, 9068, 9207, 9700)),
    "OpenID Connect Core ",
    "OpenID Connect Discovery ",
    "RP-Initiated Logout ",
)
_CODE = re.compile(r"`([^`\n]+)`")
_TEST = re.compile(r"test_\w+")
_FILE = re.compile(r"[\w./-]+\.(?:py|sql|toml|md|json|yaml|yml|conf|html|css|sh)")
_REQUIREMENT = re.compile(r"^\| (.+?) \| `[^|]+` \| `test_[^|]+` \|$", re.MULTILINE)


@cache
def files() -> frozenset[str]:
    """Paths of what is in the repository's root and below FOLDERS, relative to the root."""
    found = chain.from_iterable((ROOT / folder).rglob("*") for folder in FOLDERS)
    below = (str(path.relative_to(ROOT)) for path in found if "node_modules" not in path.parts)
    return frozenset((*(path.name for path in ROOT.iterdir()), *below))


@cache
def defined_tests() -> frozenset[str]:
    """Names of all test functions."""
    sources = [ROOT / path for path in files() if re.search(r"(^|/)test_\w+\.py$", path)]
    return frozenset(chain.from_iterable(re.findall(r"def (test_\w+)\(", path.read_text()) for path in sources))


def missing(text: str) -> list[str]:
    """The test names, paths and modules in code spans that do not exist.

    A path may be relative to a folder of the repository, as in `views.py`. A span with a placeholder, such as
    `services/<name>/service.py`, is no path.
    """
    spans = set(_CODE.findall(text))
    names = {span for span in spans if _TEST.fullmatch(span)} - defined_tests()
    below = {span.rstrip("/") for span in spans if span.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    paths = {span for span in below if not re.search(r"[<*…\s]", span)} - files()
    relative = {
        span for span in spans if _FILE.fullmatch(span) and span.split("/")[0] not in (*FOLDERS, "var", "build")
    }
    unknown = {path for path in relative - {"local.json"} if not any(f"/{one}".endswith(f"/{path}") for one in files())}
    return sorted(names | paths | unknown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_named_file_and_test_exists(page: Path) -> None:
    assert missing(page.read_text(encoding="utf-8")) == []


def test_missing_names_are_reported() -> None:
    text = "`libs/kit/gone.py`, `gone.py`, `test_gone`; `libs/kit`, `views.py`, `services/<name>/x.py`"
    assert missing(text) == ["gone.py", "libs/kit/gone.py", "test_gone"]


@pytest.mark.parametrize("standard", STANDARDS)
def test_each_standard_has_requirements(standard: str) -> None:
    page = (DOCS / "security" / "standards.md").read_text(encoding="utf-8")
    assert [each for each in _REQUIREMENT.findall(page) if each.startswith(standard)]


@pytest.mark.parametrize("name", ["platforms", "standards"])
def test_each_requirement_appears_once_and_names_code_and_test(name: str) -> None:
    page = (DOCS / "security" / f"{name}.md").read_text(encoding="utf-8")
    requirements = _REQUIREMENT.findall(page)
    assert len(requirements) == len(set(requirements)) == page.count("\n| ") - 1
    assert len(requirements) >= 35
