"""Every template, in both forms: all it is given and nothing else."""

import re
from dataclasses import fields
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from notifications import contents, rendering
from notifications.contents import Content
from notifications.rendering import render
from notifications.tests.parts import START

CONTENTS = Content.__subclasses__()
_COMMON = {"address", "public_url"}


def _sample(kind: type[Content], **changes: Any) -> Content:
    """A content whose every value can be recognized."""
    values: dict[str, Any] = {}
    for number, field in enumerate(fields(kind)):
        is_time = "datetime" in str(field.type)
        is_url = field.name.endswith("_url")
        values[field.name] = (
            START + timedelta(days=number)
            if is_time
            else f"https://hall.example/{field.name}"
            if is_url
            else f"the-{field.name}"
        )
    return kind(**(values | changes))


def _shown(value: Any) -> str:
    return f"{value.day} {value:%B %Y, %H:%M} UTC" if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_mail_shows_all_it_is_given_in_both_forms(kind: type[Content]) -> None:
    content = _sample(kind)
    rendered = render(content)
    text = " ".join(rendered.text.split())
    for field in fields(kind):
        shown = _shown(getattr(content, field.name))
        assert shown in text, field.name
        assert shown in rendered.html, field.name
    assert rendered.subject
    assert "\n" not in rendered.subject


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_template_uses_only_the_fields_of_its_mail(kind: type[Content]) -> None:
    folder = rendering._FOLDER
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True)
    environment.filters |= rendering._TEXT.filters
    source = (folder / "mails" / f"{kind.template}.jinja").read_text()
    used = meta.find_undeclared_variables(environment.parse(source))
    macros = vars(rendering._TEXT.get_template("parts.jinja").module).keys()
    assert used - macros <= {field.name for field in fields(kind)}


def test_every_template_is_a_mail_and_every_mail_has_one() -> None:
    stems = {path.stem for path in (rendering._FOLDER / "mails").iterdir()}
    assert stems == {kind.template for kind in CONTENTS}


class _Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_mail_loads_nothing_and_links_only_to_us(kind: type[Content]) -> None:
    html = render(_sample(kind)).html
    page = _Tags()
    page.feed(html)
    assert page.open == [], "every tag is closed"
    assert not {tag for tag, _ in page.tags} & {"img", "script", "link", "iframe", "form"}
    assert not re.search(r"url\(|@import|src=", html)
    links = [attributes.get("href") for tag, attributes in page.tags if tag == "a"]
    assert links
    assert all(str(link).startswith("https://hall.example/") for link in links)


@pytest.mark.parametrize("kind", CONTENTS)
def test_hostile_values_stay_text(kind: type[Content]) -> None:
    hostile = '"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}'
    named = {
        field.name: hostile
        for field in fields(kind)
        if field.name not in _COMMON and not field.name.endswith("_url") and str(field.type) == "<class 'str'>"
    }
    html = render(_sample(kind, **named)).html
    assert "<img" not in html
    assert "{% raw %}" in html or not named


def test_a_secret_that_lasts_says_so() -> None:
    content = _sample(contents.SecretIssued, expires_at=None)
    assert "Valid: until it is ended" in render(content).text


def test_the_password_stands_on_a_line_of_its_own() -> None:
    text = render(_sample(contents.Registration, password="k7fe-2m9x-q4tz-81vd")).text
    assert "\n\n    k7fe-2m9x-q4tz-81vd\n\n" in text


def test_text_lines_are_short_and_addresses_whole() -> None:
    link = f"https://hall.example/password/reset/{'x' * 100}"
    lines = render(_sample(contents.PasswordReset, reset_url=link)).text.splitlines()
    assert link in lines
    assert all(len(line) <= 78 for line in lines if line != link)


def test_no_secret_shows_in_a_repr() -> None:
    content = _sample(contents.Registration, password="k7fe-2m9x-q4tz-81vd")
    assert "k7fe" not in repr(content)
    assert "k7fe" not in repr(render(content))
