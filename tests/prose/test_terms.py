"""Documents, catalogues, API descriptions, help texts and docstrings use the terms of docs/glossary.md."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = Path(__file__).with_name("vocabulary.json")
BANNED: dict[str, dict[str, str]] = json.loads(VOCABULARY.read_text())
# Sections that translate old words.
TRANSLATIONS = {"docs/glossary.md": "## Renamed", "docs/decisions/README.md": "## Earlier numbers"}
DOCUMENTS = ("docs/openapi/openapi.json", "docs/asyncapi/asyncapi.json")
TEMPLATES = ("*.html", "*.txt", "*.j2")
CODE = ("libs", "services", "deploy", "tests", "testing")


def _pages() -> Iterator[Path]:
    yield from (page for page in (ROOT / "docs").rglob("*.md") if "reference" not in page.parts)
    yield from ROOT.glob("*.md")
    for folder in CODE:
        yield from (page for page in (ROOT / folder).rglob("*.md") if "node_modules" not in page.parts)


def _templates() -> Iterator[Path]:
    for pattern in TEMPLATES:
        yield from (found for found in (ROOT / "services").rglob(pattern) if "tests" not in found.parts)


def _shown_texts() -> list[Path]:
    return sorted({*_pages(), *_templates(), *(ROOT / "services").rglob("texts.toml"), *map(ROOT.joinpath, DOCUMENTS)})


def _modules() -> list[Path]:
    found = (path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


def _prose(path: Path) -> str:
    """The text without code, addresses of links, translations of old words, and keys of catalogues."""
    text = path.read_text()
    if path.suffix == ".toml":
        return re.sub(r"^(\[.*|[^=\n]*=)", "", text, flags=re.MULTILINE)
    if path.suffix == ".json":
        text = "\n".join(_descriptions(json.loads(text)))
    if heading := TRANSLATIONS.get(str(path.relative_to(ROOT))):
        text = text.split(heading)[0]
    text = re.sub(r"```.*?```|``.*?``|`[^`]*`|\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


def _descriptions(part: Any) -> Iterator[str]:
    """Summaries and descriptions of an API document. Titles may come from old names of parameters."""
    if isinstance(part, list):
        for each in part:
            yield from _descriptions(each)
    if isinstance(part, dict):
        for name, each in part.items():
            if name in ("summary", "description") and isinstance(each, str):
                yield each
            else:
                yield from _descriptions(each)


def _docstrings_and_help(path: Path) -> Iterator[str]:
    """Docstrings, which are the help of commands too, and the help texts of options."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.get_docstring(node) or ""
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def old_terms(text: str, *groups: str) -> Iterator[str]:
    """What to write instead of each old term in a text."""
    for old, new in ((old, new) for group in groups for old, new in BANNED[group].items()):
        for found in re.finditer(rf"(?<!\w)({old})(?!\w)", text, flags=re.IGNORECASE):
            yield f"write “{new}” for “{found[0]}”"


def _in(path: Path, texts: Iterable[str], *groups: str) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {found}" for text in texts for found in old_terms(text, *groups)]


@pytest.mark.parametrize("path", _shown_texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_shown_texts_contain_no_old_term(path: Path) -> None:
    found = _in(path, [_prose(path)], "terms", "wordings")
    assert not found, "\n".join(found)


def test_docstrings_and_help_texts_contain_no_old_term() -> None:
    texts = ((path, [re.sub(r"`[^`]*`", "", text) for text in _docstrings_and_help(path)]) for path in _modules())
    found = [each for path, found in texts for each in _in(path, found, "terms", "wordings")]
    assert not found, "\n".join(found)


def test_each_old_term_is_found() -> None:
    text = "What was set aside is told to whoever asks. Nothing is found here."
    assert len(list(old_terms(text, "terms", "wordings"))) == 4
    assert list(old_terms("Dead letters are parts of Tradehall.", "terms", "wordings")) == []
