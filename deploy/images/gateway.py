"""`python -m deploy.images.gateway FOLDER`: the gateway's configuration and document, for its image."""

import sys
from pathlib import Path

from deploy.gateway.caddyfile import Gateway, caddyfile
from deploy.images import GATEWAY_PORT, SERVICE_PORT
from deploy.local.services import SERVICES
from deploy.local.settings import ROOT


def main(folder: Path) -> None:
    """Writes Caddyfile and openapi.json; the folder has the same path in the image, as has the repository."""
    folder.mkdir(parents=True)
    gateway = Gateway(
        bind="0.0.0.0",  # noqa: S104 - of the container
        port=GATEWAY_PORT,
        services={name: f"{name}:{SERVICE_PORT}" for name in SERVICES},
        assets=ROOT / "node_modules" / "swagger-ui-dist",
        pages=folder,
    )
    (folder / "Caddyfile").write_text(caddyfile(gateway))
    # A running system merges this out of its services; `make schemas` keeps what it served.
    (folder / "openapi.json").write_bytes((ROOT / "docs" / "openapi" / "openapi.json").read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
