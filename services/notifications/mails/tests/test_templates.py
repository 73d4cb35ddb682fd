"""Templates of all mails, as text and HTML."""

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from notifications.mails import rendering
from notifications.mails.registry import MAILS
from notifications.mails.rendering import FOLDER, render
from notifications.mails.tests.sample_mails import folder, sample
from notifications.tests.world import PUBLIC_URL


def _shown(value: Any) -> str:
    return f"{value.day} {value:%B %Y, %H:%M} UTC" if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("name", MAILS)
def test_both_forms_show_all_values(name: str) -> None:
    mail, values = sample(name)
    text = " ".join(mail.text.split())
    for key, value in values.items():
        assert _shown(value) in text, key
        assert _shown(value) in mail.html, key
    assert mail.subject
    assert "\n" not in mail.subject


@pytest.mark.parametrize("name", MAILS)
def test_a_template_uses_only_the_values_of_its_mail(name: str) -> None:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    environment.filters |= rendering.TEXT.filters
    source = (folder(MAILS[name]) / "mail.jinja").read_text()
    used = meta.find_undeclared_variables(environment.parse(source))
    macros = vars(rendering.TEXT.get_template("parts.jinja").module).keys()
    assert used - macros <= sample(name)[1].keys()


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


@pytest.mark.parametrize("name", MAILS)
def test_html_loads_nothing_and_links_only_to_this_installation(name: str) -> None:
    html = sample(name)[0].html
    page = _Tags()
    page.feed(html)
    assert page.open == [], "every tag is closed"
    assert not {tag for tag, _ in page.tags} & {"img", "script", "link", "iframe", "form"}
    assert not re.search(r"url\(|@import|src=", html)
    links = [attributes.get("href") for tag, attributes in page.tags if tag == "a"]
    assert links
    assert all(link == PUBLIC_URL or str(link).startswith(f"{PUBLIC_URL}/") for link in links)


@pytest.mark.parametrize("name", MAILS)
def test_hostile_values_stay_text(name: str) -> None:
    hostile = '"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}'
    values = sample(name)[1]
    address = values.pop("address")
    public_url = values.pop("public_url")
    named = {
        key: hostile for key, value in values.items() if isinstance(value, str) and not value.startswith(PUBLIC_URL)
    }
    html = render(name, address, public_url, values | named).html
    assert "<img" not in html
    assert "{% raw %}" in html or not named


def test_a_secret_without_expiry_is_described_as_such() -> None:
    assert "Expires: never" in sample("secret-issued", secret_expires_at=None)[0].text


def test_the_password_has_a_line_of_its_own() -> None:
    assert "\n\n    the-value\n\n" in sample("registration")[0].text


def test_text_lines_are_short_and_links_whole() -> None:
    _, values = sample("password-reset")
    link = f"{PUBLIC_URL}/password/reset/{'x' * 100}"
    lines = render("password-reset", values.pop("address"), values.pop("public_url"), values | {"reset_url": link}).text
    assert link in lines.splitlines()
    assert all(len(line) <= 78 for line in lines.splitlines() if line != link)


def test_no_secret_shows_in_a_repr() -> None:
    assert "the-value" not in repr(sample("registration")[0])
