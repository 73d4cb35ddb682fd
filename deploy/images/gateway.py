"""`python -m deploy.images.gateway FOLDER [SERVICE=HOST:PORT,HOST:PORT ...]`: the gateway's configuration and document.

Its image has one of each service; where there are replicas, their addresses are named.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.gateway.caddyfile import Gateway, caddyfile
from deploy.images import GATEWAY_PORT, SERVICE_PORT
from deploy.local.settings import ROOT
from deploy.service_settings import SERVICES


def main(folder: Path, named: Iterable[str] = ()) -> None:
    """Writes Caddyfile and openapi.json; the folder has the same path in the image, as has the repository."""
    folder.mkdir(parents=True, exist_ok=True)
    replicas = {name: addresses.split(",") for name, _, addresses in (one.partition("=") for one in named)}
    if unknown := replicas.keys() - set(SERVICES):
        sys.exit(f"there is no service {', '.join(sorted(unknown))}; they are {', '.join(SERVICES)}")
    gateway = Gateway(
        bind="0.0.0.0",  # noqa: S104 - of the container
        port=GATEWAY_PORT,
        services={name: replicas.get(name, [f"{name}:{SERVICE_PORT}"]) for name in SERVICES},
        assets=ROOT / "node_modules" / "swagger-ui-dist",
        pages=folder,
    )
    (folder / "Caddyfile").write_text(caddyfile(gateway))
    # A running system merges this out of its services; `make schemas` keeps what it served.
    (folder / "openapi.json").write_bytes((ROOT / "docs" / "openapi" / "openapi.json").read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
