"""Which service answers a path, by the gateway's own table."""

import re

from deploy.gateway.routing import ROUTES, pattern


def service_of(path: str) -> str | None:
    """The service that a decoded path belongs to; None when it belongs to nobody."""
    for route in ROUTES:
        if any(re.search(pattern(each), path) for each in route.paths):
            return route.service
    return None
