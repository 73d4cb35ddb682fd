"""Sphinx' settings for the documentation site; `make docs` builds it from docs/."""

from sphinx.application import Sphinx

from deploy.docs.links import prepared

project = "Tradehall"
author = "Tradehall's maintainers"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["asyncapi/**", "examples/**", "openapi/**"]
myst_heading_anchors = 4  # as GitHub makes them
suppress_warnings = ["myst.header"]  # generated pages begin their sections at different depths
html_theme = "furo"
html_title = "Tradehall"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


def _prepare(_: Sphinx, page: str, source: list[str]) -> None:
    source[0] = prepared(page, source[0])


def setup(app: Sphinx) -> None:
    """Have each page prepared before it is parsed."""
    app.connect("source-read", _prepare)
