"""Write the reference pages below a folder: `python -m deploy.docs docs/reference`."""

import json
import sys
from pathlib import Path

from deploy.docs import api, events, links
from deploy.docs.links import DOCS


def write(folder: Path) -> None:
    """The events page and the pages of the HTTP API, from the published documents, and the changelog."""
    (folder / "api").mkdir(parents=True, exist_ok=True)
    for old in folder.rglob("*.md"):
        old.unlink()
    (folder / "changelog.md").write_text(links.changelog())
    asyncapi = json.loads((DOCS / "asyncapi" / "asyncapi.json").read_text())
    (folder / "events.md").write_text(events.page(asyncapi))
    openapi = json.loads((DOCS / "openapi" / "openapi.json").read_text())
    for name, page in api.pages(openapi).items():
        (folder / "api" / f"{name}.md").write_text(page)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
