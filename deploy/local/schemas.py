"""`python -m deploy.local.schemas PATH`: write the OpenAPI document of all services to a file."""

import json
import sys
from pathlib import Path

from deploy.local.system import Tradehall
from embedded import temporary_folder


def main(target: Path) -> None:
    """Starts the system in a temporary folder and keeps the document that its gateway serves."""
    with temporary_folder() as folder, Tradehall(folder / "var") as tradehall:
        document = json.loads(tradehall.openapi.read_text())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
