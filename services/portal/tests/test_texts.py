"""The catalogue of texts, and that pages take theirs from it."""

import re
from pathlib import Path

import pytest

from contracts.permissions import Permission, Role, Scope
from portal.devices import device_of
from portal.texts import Texts

_PORTAL = Path(__file__).parents[1]
_PAGES = [*_PORTAL.glob("templates/**/*.html")]
_SOURCES = [*_PAGES, *_PORTAL.glob("*.py"), *_PORTAL.glob("pages/*.py")]
# The name of the product, and the line for a shell.
_NO_WORDS = {"Tradehall", "curl", "oauth", "token", "grant", "type", "client", "credentials"}


def test_every_text_that_is_named_exists() -> None:
    texts = Texts()
    for path in _SOURCES:
        for name in re.findall(r"""\b(?:t|texts)\(['"]([a-z_.-]+)['"][,)]""", path.read_text()):
            assert name in texts, f"{path.name} names {name}"


def test_every_right_and_scope_has_words() -> None:
    texts = Texts()
    for name in [*(f"permissions.{each}" for each in Permission), *(f"scopes.{each}" for each in Scope)]:
        assert texts(f"{name}.name")
        assert texts(f"{name}.text")
    assert all(texts(f"roles.{each}.text") for each in [*Role, "none"])


def test_no_page_says_anything_itself() -> None:
    for path in _PAGES:
        if path.name == "ui.html":  # holds parts of tags, which look like words
            continue
        shown = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
        assert set(re.findall(r"[A-Za-z]{3,}", shown)) <= _NO_WORDS, path.name


@pytest.mark.parametrize(
    ("header", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl"),
        ("something else", "something else"),
        (None, ""),
    ],
)
def test_a_device_is_called_as_people_call_it(header: str | None, device: str) -> None:
    assert device_of(header) == device
