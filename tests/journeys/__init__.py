"""Journeys of users and programs through the whole system."""

import httpx2

from testing import plain_http


def healthy(url: str) -> bool:
    """Whether the gateway says that every service is ready."""
    try:
        return plain_http.get(f"{url}/health", timeout=10).status_code == 200
    except httpx2.TransportError:
        return False
