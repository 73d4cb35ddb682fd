"""The text catalogue, and the names of texts in templates and routes."""

import re
from pathlib import Path

import pytest

from contracts.permissions import Permission, Role, Scope
from portal.layout.cookies import Cookies
from portal.layout.rendering import Renderer
from portal.layout.sections import Section
from portal.layout.texts import Texts

_PORTAL = Path(__file__).parents[2]
_PAGES = [*_PORTAL.glob("*/templates/*.html")]
_SOURCES = [*_PAGES, *_PORTAL.glob("*/*.py")]
# The name of the product, and the line for a shell.
_NO_WORDS = {"Tradehall", "curl", "oauth", "token", "grant", "type", "client", "credentials"}


def test_every_named_text_exists() -> None:
    texts = Texts()
    for path in _SOURCES:
        for name in re.findall(r"""\b(?:t|texts)\(['"]([a-z_.-]+)['"][,)]""", path.read_text()):
            assert name in texts, f"{path.name} names {name}"


def test_every_permission_scope_and_role_has_a_text() -> None:
    texts = Texts()
    for name in [*(f"permissions.{each}" for each in Permission), *(f"scopes.{each}" for each in Scope)]:
        assert texts(f"{name}.name")
        assert texts(f"{name}.text")
    assert all(texts(f"roles.{each}.text") for each in [*Role, "none"])


def test_a_section_without_a_text_stops_the_start() -> None:
    cookies = Cookies(bytes(32), secure=False)
    with pytest.raises(KeyError, match=r"add nav\.reports to services/portal/<subject>/texts\.toml"):
        Renderer(Texts(), cookies, "", Path(), [Section("reports", None)])


def test_a_missing_text_names_its_file() -> None:
    with pytest.raises(KeyError, match=r"add permissions\.no-such:one\.name to services/portal/users/texts\.toml"):
        Texts()("permissions.no-such:one.name")
    with pytest.raises(KeyError, match=r"add reports\.title to services/portal/<subject>/texts\.toml"):
        Texts()("reports.title")


def test_templates_contain_no_text() -> None:
    for path in _PAGES:
        if path.name == "ui.html":  # holds parts of tags, which look like words
            continue
        shown = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
        assert set(re.findall(r"[A-Za-z]{3,}", shown)) <= _NO_WORDS, path.name


def test_every_text_is_used() -> None:
    sources = "".join(path.read_text() for path in _SOURCES)
    unused = [name for name in Texts() if not any(part in sources for part in _possible_names(name))]
    assert unused == []


def _possible_names(name: str) -> list[str]:
    """The name, without the ending that `counted` adds; and each beginning that code or a template completes."""
    parts = name.removesuffix(".one").removesuffix(".many").split(".")
    beginnings = [".".join(parts[:count]) + "." for count in range(1, len(parts))]
    return [".".join(parts), *(beginning + end for beginning in beginnings for end in "'\"{")]


def test_a_name_in_two_files_is_an_error(tmp_path: Path) -> None:
    for subject in ("one", "two"):
        (tmp_path / subject).mkdir()
        (tmp_path / subject / "texts.toml").write_text('[common]\nsave = "Save"\n')
    with pytest.raises(ValueError, match=r"common\.save"):
        Texts(tmp_path)
