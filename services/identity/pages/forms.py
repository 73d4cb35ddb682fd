"""Targets of forms: only pages of this service."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

_PLACES = re.compile(r"/oauth2/authorize\?[!#-\[\]-~]{1,8000}|/invitations/[A-Za-z0-9._~-]{1,300}")
_LONGEST_HINT = 254  # characters

AddressOf = Callable[[Request], str]
"""The caller's IP address."""

MayRedirect = Callable[[str, str], bool]
"""Whether a client (by client_id) is registered with a redirect_uri."""


def place(wanted: str) -> str | None:
    """The page to show after signing in, if it is one of ours; None for another site."""
    return wanted if _PLACES.fullmatch(wanted) else None


def redirect_origin(place: str | None, may_redirect: MayRedirect) -> str | None:
    """The origin at which the redirects after a form may end, for form-action (CSP Level 3, 6.4.1).

    Only that of a redirect_uri that is registered for the requesting client.
    """
    query = parse_qs(urlsplit(place or "").query)
    client_id, redirect_uri = query.get("client_id", [""])[0], query.get("redirect_uri", [""])[0]
    if not client_id or not may_redirect(client_id, redirect_uri):
        return None
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"


def login_hint(place: str | None) -> str:
    """The address that the requesting client expects to sign in (OpenID Connect Core 3.1.2.1); empty for none."""
    hint = parse_qs(urlsplit(place or "").query).get("login_hint", [""])[0]
    return hint if hint.isprintable() and len(hint) <= _LONGEST_HINT else ""
