"""Pages that name files, tests and classes as evidence or as places to work in name only what exists."""

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
    ROOT / "CONTRIBUTING.md",
]
FOLDERS = ("libs", "services", "deploy", "tests", "testing", "docs")
MADE = {"local.json", "places.json"}  # files that programs write
CODE = (".py", ".toml", ".sql", ".yml", ".json", ".html", ".jinja")
STANDARDS = (
    *(f"RFC {number} " for number in (6749, 6750, 7009, 7636, 7662, 8252, 8414, 8725, 9068, 9207, 9700)),
    "OpenID Connect Core ",
    "OpenID Connect Discovery ",
    "RP-Initiated Logout ",
)
_CODE = re.compile(r"`([^`\n]+)`")
_TEST = re.compile(r"test_\w+")
_FILE = re.compile(r"[\w.-][\w./-]*\.(?:py|sql|toml|md|json|yaml|yml|conf|html|css|sh)")
_CLASS = re.compile(r"(?:[A-Z][a-z0-9]+){2,}")
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


@cache
def classes() -> frozenset[str]:
    """Names of classes and events in the code, and what looks like one."""
    sources = (ROOT / path for path in files() if path.endswith(CODE) and not path.startswith("docs/"))
    return frozenset(chain.from_iterable(_CLASS.findall(path.read_text(encoding="utf-8")) for path in sources))


def readmes() -> list[Path]:
    return [ROOT / path for path in sorted(files()) if path.endswith("README.md") and not path.startswith("docs/")]


def missing(text: str, folder: str = "") -> list[str]:
    """The test names, paths, modules and classes in code spans that do not exist.

    A path may be relative to a folder of the repository, as in `views.py`, or to the page's own `folder`. A span with a
    placeholder, such as `services/<name>/service.py`, is no path.
    """
    spans = set(_CODE.findall(text))
    names = {span for span in spans if _TEST.fullmatch(span)} - defined_tests()
    below = {span.rstrip("/") for span in spans if span.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    named = {span for span in below if not re.search(r"[<*…\s]", span)}
    paths = {span for span in named - files() if f"{folder}/{span}" not in files()}
    relative = {
        span for span in spans if _FILE.fullmatch(span) and span.split("/")[0] not in (*FOLDERS, "var", "build")
    }
    unknown = {path for path in relative - MADE if not any(f"/{one}".endswith(f"/{path}") for one in files())}
    renamed = {span for span in spans if _CLASS.fullmatch(span)} - classes()
    return sorted(names | paths | unknown | renamed)


@pytest.mark.parametrize("page", [*PAGES, *readmes()], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_named_file_test_and_class_exists(page: Path) -> None:
    folder = str(page.parent.relative_to(ROOT))
    assert missing(page.read_text(encoding="utf-8"), folder) == []


def test_missing_names_are_reported() -> None:
    gone = "".join(("Gone", "Class"))  # not a word of this file, which is code too
    there = "`libs/kit`, `views.py`, `services/<name>/x.py`, `OrgRenamed`"
    text = f"`libs/kit/gone.py`, `gone.py`, `test_gone`, `{gone}`; {there}"
    assert missing(text) == [gone, "gone.py", "libs/kit/gone.py", "test_gone"]
    assert missing("`tests/fake_backend.py`", "services/portal") == []
    assert missing("`tests/fake_backend.py`", "services/identity") == ["tests/fake_backend.py"]


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
