"""Journeys of users and programs through the whole system."""

import httpx2


def healthy(url: str) -> bool:
    """Whether the gateway says that every service is ready."""
    try:
        return httpx2.get(f"{url}/health", timeout=10).status_code == 200
    except httpx2.TransportError:
        return False
