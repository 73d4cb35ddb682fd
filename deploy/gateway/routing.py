"""Which public path belongs to which service: one table, the first match wins."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """Public paths of a service: `*` is one segment, a final `/**` is nothing or anything below.

    A healthy replica begins to answer within `answers_within` seconds; after that the gateway tries another replica.
    Reading a trade server takes longer, and so do pages that show what was read.
    """

    service: str
    paths: tuple[str, ...]
    answers_within: int = 6


ROUTES = (
    Route(
        "identity",
        (
            "/",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/oauth2/**",
            "/register/**",
            "/login/**",
            "/logout/**",
            "/password/**",
            "/invitations/*/**",
            "/static/**",
            "/api/v1/registrations",
            "/api/v1/password-resets",
            "/api/v1/me/**",
            "/api/v1/operations/users/**",
            "/api/v1/operations/identity/**",
            "/api/v1/organizations/*/clients/**",
        ),
    ),
    Route(
        "platforms",
        (
            "/api/v1/organizations/*/platforms/**",
            "/api/v1/platform-connectors",
            "/api/v1/operations/platforms/**",
        ),
        15,
    ),
    Route("notifications", ("/api/v1/operations/notifications/**",)),
    Route("portal", ("/portal/**",), 15),
    Route(
        "organizations", ("/api/v1/organizations/**", "/api/v1/invitations/**", "/api/v1/operations/organizations/**")
    ),
)


def pattern(path: str) -> str:
    """The regular expression (RE2 and Python alike) that matches the whole of a decoded path."""
    below = path.endswith("/**")
    segments = path.removesuffix("/**").split("/")
    body = "/".join("[^/]+" if segment == "*" else re.escape(segment) for segment in segments)
    return f"^{body}(/.*)?$" if below else f"^{body}$"


def patterns(route: Route) -> str:
    """One regular expression for all paths of the route."""
    return "|".join(pattern(path) for path in route.paths)
