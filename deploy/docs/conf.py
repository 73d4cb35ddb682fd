"""Sphinx' settings for the documentation site; `make docs` builds it from docs/."""

project = "Tradehall"
author = "Tradehall's maintainers"
copyright = author  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["asyncapi/**", "examples/**", "openapi/**"]
myst_heading_anchors = 4  # as GitHub makes them
html_theme = "furo"
html_title = "Tradehall"
html_copy_source = False
html_show_sphinx = False
