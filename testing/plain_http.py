"""HTTP clients without TLS: each of httpx2's own reads the trusted certificates, at 30 ms of CPU."""

import ssl
from typing import Any

import httpx2

_NOBODY_TRUSTED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(**options: Any) -> httpx2.Client:
    """A client with these options of httpx2; close it."""
    return httpx2.Client(verify=_NOBODY_TRUSTED, **options)


def request(method: str, url: str, *, timeout: float = 5.0, **given: Any) -> httpx2.Response:
    """Send one request on a connection of its own."""
    with client(timeout=timeout) as single:
        return single.request(method, url, **given)


def get(url: str, **given: Any) -> httpx2.Response:
    return request("GET", url, **given)


def post(url: str, **given: Any) -> httpx2.Response:
    return request("POST", url, **given)
