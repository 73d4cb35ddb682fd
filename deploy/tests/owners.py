"""Which service owns a path, as the gateway decides it."""

import re

from deploy.gateway.routing import ROUTES, pattern


def service_of(path: str) -> str | None:
    """The service a decoded path belongs to; None when it belongs to nobody."""
    for route in ROUTES:
        if any(re.search(pattern(each), path) for each in route.paths):
            return route.service
    return None
