"""The Caddyfile, generated from the table of routes: the same gateway in every way of running."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from deploy.gateway.problems import errors
from deploy.gateway.routing import ROUTES, Route, patterns

_ANOTHER_IS_FOUND = 2  # seconds
_TEMPLATE = Path(__file__).with_name("Caddyfile.template")


@dataclass(frozen=True)
class Gateway:
    """What the gateway needs to know.

    `services` maps every service, routed or not, to the `host:port` of each of its replicas; `assets` is the folder
    of swagger-ui-dist, `pages` a folder of ours with openapi.json; without a file for it, the access log goes to
    standard output.
    """

    bind: str
    port: int
    services: Mapping[str, Sequence[str]]
    assets: Path
    pages: Path
    access_log: Path | None = None


def caddyfile(gateway: Gateway) -> str:
    """The text of the Caddyfile."""
    return Template(_TEMPLATE.read_text()).substitute(
        bind=gateway.bind,
        port=gateway.port,
        access_log=_access_log(gateway.access_log),
        assets=_quoted(gateway.assets),
        pages=_quoted(gateway.pages),
        docs=_quoted(Path(__file__).with_name("docs")),
        health=_health(gateway.services),
        routes=_routes(gateway.services),
        errors=errors(),
    )


def _access_log(file: Path | None) -> str:
    if file is None:
        return "output stdout"
    return f"output file {_quoted(file)} {{\n\tmode 0600\n\troll_size 20MiB\n\troll_keep 3\n}}"


def _routes(services: Mapping[str, Sequence[str]]) -> str:
    """One `handle` for each service that runs; the paths of the others are answered with 404."""
    return "\n".join(
        f"@{route.service} path_regexp {_quoted(patterns(route))}\n"
        f"handle @{route.service} {{\n\t{_passed_on(route, services[route.service])}\n}}"
        for route in ROUTES
        if route.service in services
    )


def _passed_on(route: Route, replicas: Sequence[str]) -> str:
    if len(replicas) == 1:
        return f"import service {replicas[0]}"
    again = route.answers_within + _ANOTHER_IS_FOUND
    return f"import replicas {route.answers_within}s {again}s {' '.join(replicas)}"


def _health(services: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(
        f"import {'ready' if len(replicas) == 1 else 'any_ready'} {name} {' '.join(replicas)}"
        for name, replicas in sorted(services.items())
    )


def _quoted(text: object) -> str:
    """A quoted token of the Caddyfile: only the quote is escaped; a backslash is literal."""
    escaped = str(text).replace('"', '\\"')
    return f'"{escaped}"'
