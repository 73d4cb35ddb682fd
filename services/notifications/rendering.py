"""Mails as text and HTML from one set of templates: the words are written once, each form has its layout."""

import re
import textwrap
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from notifications.contents import Content

_FOLDER = Path(__file__).parent / "templates"
_WIDTH = 72


@dataclass(frozen=True, repr=False)
class Rendered:
    """A mail's subject and its two forms."""

    subject: str
    text: str
    html: str


def render(content: Content) -> Rendered:
    """The mail that says this; raises jinja2.UndefinedError when a template asks for what it is not given."""
    values = {field.name: getattr(content, field.name) for field in fields(content)}
    name = f"{content.template}.jinja"
    plain = _TEXT.get_template(name)
    subject = "".join(plain.blocks["subject"](plain.new_context(values)))
    return Rendered(subject.strip(), plain.render(values).strip() + "\n", _HTML.get_template(name).render(values))


def _environment(form: str, *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([_FOLDER / form, _FOLDER / "mails"]),
        autoescape=autoescape,  # noqa: S701 - off for the form that is no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {"moment": _moment, "lines": _lines, "paragraphs": _paragraphs}
    return environment


def _moment(time: datetime) -> str:
    """As in `5 March 2025, 14:07 UTC`."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _lines(text: str) -> str:
    """Broken at spaces only, so that addresses stay whole."""
    return textwrap.fill(text.strip(), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _paragraphs(text: str) -> str:
    """One empty line between parts, none at the ends."""
    return re.sub(r"\n\s*\n", "\n\n", text.strip("\n"))


_TEXT = _environment("text", autoescape=False)
_HTML = _environment("html", autoescape=True)
