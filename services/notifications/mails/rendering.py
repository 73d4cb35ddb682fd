"""From a mail's template to text and HTML: the words are written once, and each form has its layout."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
_WIDTH = 72


@dataclass(frozen=True, repr=False)
class RenderedMail:
    """A mail to an address as typed. No repr: subject and forms may contain a secret."""

    address: str
    subject: str
    text: str
    html: str


def render(name: str, address: str, public_url: str, values: Mapping[str, object]) -> RenderedMail:
    """Render the template of a mail with `values`, `address` and `public_url`.

    Raises jinja2.UndefinedError where the template names another value.
    """
    template = f"{name.replace('-', '_')}/mail.jinja"
    everything = {**values, "address": address, "public_url": public_url}
    plain = TEXT.get_template(template)
    subject = "".join(plain.blocks["subject"](plain.new_context(everything)))
    text = plain.render(everything).strip() + "\n"
    return RenderedMail(address, subject.strip(), text, HTML.get_template(template).render(everything))


def _environment(form: str, *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([FOLDER / "layouts" / form, FOLDER]),
        autoescape=autoescape,  # noqa: S701 - off for plain text only
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
    """Wrap at spaces only, so that web addresses stay whole."""
    return textwrap.fill(text.strip(), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _paragraphs(text: str) -> str:
    """Leave one empty line between paragraphs, and none at the ends."""
    return re.sub(r"\n\s*\n", "\n\n", text.strip("\n"))


TEXT = _environment("text", autoescape=False)
HTML = _environment("html", autoescape=True)
