"""Make Markdown of the repository fit for the site: links that leave docs/, diagrams, and the list of decisions."""

import os
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_PAGES = {"CHANGELOG.md": "reference/changelog.md", "README.md": "getting-started.md"}
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_DECISIONS = "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"


def prepared(page: str, text: str) -> str:
    """The text of a page (a path below docs/ without `.md`) as Sphinx is to read it.

    A link to a file of the repository outside docs/ becomes its path, as nothing of it is on the site; one to a file
    that does not exist stays, so that the build fails.
    """
    text = _LINK.sub(_on_the_site((DOCS / page).parent), text).replace("```mermaid\n", "```text\n")
    return text + _DECISIONS if page == "decisions/README" else text


def changelog() -> str:
    """The changelog as a page of the folder reference."""
    text = (ROOT / "CHANGELOG.md").read_text()
    return _LINK.sub(_on_the_site(ROOT), text).replace("](docs/", "](../")


def _on_the_site(folder: Path) -> Callable[[re.Match[str]], str]:
    def replaced(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / link["target"]))
        if "://" in link["target"] or target.is_relative_to(DOCS) or not target.exists():
            return link[0]
        path = str(target.relative_to(ROOT))
        if path in _PAGES:
            return f"[{link['text']}]({os.path.relpath(DOCS / _PAGES[path], folder)})"
        return f"{link['text']} (`{path}`)"

    return replaced
