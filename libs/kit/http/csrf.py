"""CSRF protection: a form of our pages is accepted only when it was sent from one of them."""

from urllib.parse import urlsplit

from starlette.requests import Request

from kit.errors import Forbidden

SAME_SITE_COOKIE = "tradehall-form"
"""A SameSite=Strict cookie that every page sets."""


class CsrfRejected(Forbidden):
    code = "foreign-form"
    title = "The form was not sent from this site: reload the page and try again"


class CsrfGuard:
    """A dependency of every POST route of a page. Raises CsrfRejected.

    A browser says where a form comes from in Sec-Fetch-Site, or else in Origin; a client that sends neither is not
    a browser, and sends no cookies of a user by accident.
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
            raise CsrfRejected
