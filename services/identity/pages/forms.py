"""Forms: only from our own pages, and then only back to places of ours."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from fastapi import Request

from kit.errors import Forbidden

SAME_SITE_COOKIE = "tradehall-form"
_PLACES = re.compile(r"/oauth2/authorize\?[!#-\[\]-~]{1,8000}|/invitations/[A-Za-z0-9._~-]{1,300}")

MayRedirect = Callable[[str, str], bool]
"""Whether a client (by client_id) is registered with a redirect_uri."""


class ForeignForm(Forbidden):
    code = "foreign-form"
    title = "This form was not sent from our own page; open the page and try again"


class OwnForms:
    """A dependency of every POST route.

    A browser says where a form comes from in Sec-Fetch-Site, or else in Origin; whoever sends neither is no
    browser, and carries nobody's cookies by accident.
    """

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"

    async def __call__(self, request: Request) -> None:
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        if site is not None:
            ours = site in ("same-origin", "none")
        elif origin == "null":
            # Over plain http, our own Referrer-Policy makes it so (Fetch, "append a request `Origin` header");
            # a SameSite=Strict cookie comes with forms of our own site only.
            ours = SAME_SITE_COOKIE in request.cookies
        else:
            ours = origin in (None, self._origin)
        if not ours:
            raise ForeignForm


def place(wanted: str) -> str | None:
    """Where to go after signing in, if it is a place of ours; never another site."""
    return wanted if _PLACES.fullmatch(wanted) else None


def redirect_origin(place: str | None, may_redirect: MayRedirect) -> str | None:
    """The origin to which the chain of redirects that a form begins may end, for form-action (CSP Level 3, 6.4.1).

    Only that of a redirect_uri with which the asking client is registered.
    """
    query = parse_qs(urlsplit(place or "").query)
    client_id, redirect_uri = query.get("client_id", [""])[0], query.get("redirect_uri", [""])[0]
    if not client_id or not may_redirect(client_id, redirect_uri):
        return None
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"
