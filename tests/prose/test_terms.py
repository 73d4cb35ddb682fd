"""Documents and texts use the terms of docs/glossary.md, not those that they replaced."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED = {
    r"person-held|held about": "personal data export",
    r"lists? of the erased": "erasure log",
    r"set aside|parked": "dead letter",
    r"interventions?": "operator log",
    r"shred\w*": "erase, stream eraser",
    r"durables": "consumers",
    r"heard events?": "foreign events",
    r"(open|pending) wish(es)?": "pending request",
    r"intake": "pending requests",
    r"guesses": "login throttle",
    r"(take|takes|taken|took) back": "revoke",
    r"shuts? (\w+ )?out": "revoke",
    r"lets? in": "authorize, require",
    r"rights": "permissions",
    r"(is|are|was|were) told": "is reported, receives",
    r"stands? (in|at|beside|below)": "is, is in",
    r"who(so)?ever": "a noun, such as: a user, a caller",
}
# Sections that translate old words.
TRANSLATIONS = {"docs/glossary.md": "## Renamed", "docs/decisions/README.md": "## Earlier numbers"}


def _texts() -> list[Path]:
    pages = [page for page in (ROOT / "docs").rglob("*.md") if "reference" not in page.parts]
    return [*sorted(pages), *sorted(ROOT.glob("*.md")), *sorted((ROOT / "services").rglob("texts.toml"))]


def _prose(path: Path) -> str:
    """The text without code, addresses of links, translations of old words, and keys of catalogues."""
    text = path.read_text()
    if path.suffix == ".toml":
        return re.sub(r"^(\[.*|[^=\n]*=)", "", text, flags=re.MULTILINE)
    if heading := TRANSLATIONS.get(str(path.relative_to(ROOT))):
        text = text.split(heading)[0]
    text = re.sub(r"```.*?```|``.*?``|`[^`]*`", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


def _old_terms(path: Path) -> Iterator[str]:
    text = _prose(path)
    for old, new in BANNED.items():
        for found in re.finditer(rf"\b({old})\b", text, flags=re.IGNORECASE):
            line = text[: found.start()].count("\n") + 1
            yield f"{path.relative_to(ROOT)}, about line {line}: write “{new}” for “{found[0]}”"


@pytest.mark.parametrize("path", _texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_old_term_is_used(path: Path) -> None:
    found = list(_old_terms(path))
    assert not found, "\n".join(found)
