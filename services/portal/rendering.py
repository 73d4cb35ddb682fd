"""Templates to answers: whole pages, what htmx exchanges of them, and refusals as pages."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from kit.context import cause
from kit.errors import Refusal, Unavailable
from kit.http.assets import Assets
from kit.http.csrf import SAME_SITE_COOKIE
from kit.http.problems import failed
from portal.api import ApiProblem
from portal.cookies import Cookies
from portal.sessions import SessionOver
from portal.texts import Texts, extra_permissions
from portal.visits import Visit

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_WHOLE, _PART, _SHEET = "layouts/page.html", "layouts/app.html", "layouts/sheet.html"

Errors = Mapping[str, str]
"""Field to message; `form` is the form as a whole."""


class Renderer:
    """`texts` are those of all pages."""

    def __init__(self, texts: Texts, cookies: Cookies, public_url: str, node_modules: Path) -> None:
        self.texts = texts
        self._cookies = cookies
        self.assets = Assets(
            "/portal/static",
            [
                node_modules / "@tabler" / "core" / "dist" / "css" / "tabler.min.css",
                node_modules / "htmx.org" / "dist" / "htmx.min.js",
                *sorted((_HERE / "static").iterdir()),
            ],
        )
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            t=texts, static=self.assets.urls, public_url=public_url, extra_permissions=extra_permissions, utc=_utc
        )

    def page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
        """A page; for htmx, what stands between header and footer of the one that is open."""
        response = self._render(_PART if visit.is_htmx else _WHOLE, template, status, visit=visit, **values)
        visit.sessions.said(visit.session)
        if visit.is_htmx and visit.request.headers.get("hx-target") != "more":
            response.headers.update({"HX-Retarget": "#app", "HX-Reswap": "outerHTML show:window:top"})
            address = visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
            if visit.request.method == "GET" and address != _address(visit.request.headers.get("hx-current-url", "")):
                response.headers["HX-Push-Url"] = address
        return response

    def sheet(self, visit: Visit, template: str, errors: Errors | None = None, **values: Any) -> Response:
        """A form or question: a page of its own, or for htmx in the dialog of the page that is open."""
        layout = _SHEET if visit.is_htmx else _WHOLE
        status = 422 if errors else 200
        response = self._render(layout, template, status, visit=visit, errors=errors or {}, **values)
        if visit.is_htmx:
            response.headers.update({"HX-Retarget": "#dialog", "HX-Reswap": "innerHTML"})
        return response

    def done(self, visit: Visit, to: str, text: str, **values: str) -> Response:
        """After a form: the next page, which says what was done."""
        visit.sessions.say(visit.session, text, **values)
        return RedirectResponse(to, 303)

    def stranger(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page for somebody who is not signed in."""
        return self._render(_WHOLE, template, status, visit=None, **values)

    def fragment(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(values)

    def errors_of(self, problem: ApiProblem, *fields: str) -> Errors:
        """What a form shows of a refusal, beside these fields where they are meant, else for the form as a whole."""
        if not problem.errors:
            return {"form": self.told(problem)}
        found: dict[str, str] = {}
        for name, message in problem.errors.items():
            field = name.split(".")[0]
            text = self.texts.or_else(f"fields.{field}", "") or message
            sentence = message[:1].upper() + message[1:] if field in fields else f"{text}: {message}"
            found.setdefault(field if field in fields else "form", sentence)
        return found

    def told(self, problem: ApiProblem) -> str:
        """A problem in the portal's own words where it has some."""
        return self.texts.or_else(f"problems.{problem.code}", problem.detail or self.texts("problems.other"))

    def refused(self, status: int, title: str, detail: str) -> Response:
        """A page that needs no call: the one that failed may have been for the menu."""
        return self.stranger("refused.html", status, title=title, detail=detail, retry=status >= 500)

    def router(self) -> APIRouter:
        """A router whose refusals and failures are pages."""
        renderer = self

        class PageRoute(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                answer = super().get_route_handler()

                async def as_page(request: Request) -> Response:
                    try:
                        return await answer(request)
                    except SessionOver:
                        return renderer._sign_in_first(request)
                    except HTTPException:
                        raise
                    except Exception as error:  # the last place that can answer with a page
                        return renderer._failed(request, error)

                return as_page

        return APIRouter(route_class=PageRoute, include_in_schema=False)

    def _render(self, layout: str, template: str, status: int, **values: Any) -> Response:
        page = self._templates.get_template(template).render({"layout": layout, "errors": {}, **values})
        response = HTMLResponse(page, status)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Vary"] = "HX-Request"
        response.set_cookie(SAME_SITE_COOKIE, "1", httponly=True, secure=self._cookies.secure, samesite="strict")
        return response

    def _sign_in_first(self, request: Request) -> Response:
        htmx = request.headers.get("hx-request") == "true"
        here = request.headers.get("hx-current-url", "") if htmx or request.method != "GET" else str(request.url)
        then = _address(here)
        to = "/portal/sign-in" + (f"?next={quote(then, safe='')}" if then else "")
        response = Response(headers={"HX-Redirect": to}) if htmx else RedirectResponse(to, 303)
        self._cookies.take_session(response)
        return response

    def _failed(self, request: Request, error: Exception) -> Response:
        status, title, detail = self._said_of(error)
        if request.headers.get("hx-request") != "true":
            return self.refused(status, title, detail)
        body = self.fragment("layouts/problem.html", title=title, detail=detail)
        return HTMLResponse(body, status, {"HX-Retarget": "#dialog", "HX-Reswap": "innerHTML"})

    def _said_of(self, error: Exception) -> tuple[int, str, str]:
        say = self.texts
        if isinstance(error, ApiProblem):
            kind = {403: "forbidden", 404: "missing", 429: "busy"}.get(error.status, "away" if error.is_outage else "")
            if not kind:
                return error.status, say("refused.other.title"), self.told(error)
            return error.status, say(f"refused.{kind}.title"), say(f"refused.{kind}.detail")
        if isinstance(error, RequestValidationError):
            return 404, say("refused.missing.title"), say("refused.missing.detail")
        if isinstance(error, Unavailable):
            return 503, say("refused.away.title"), say("refused.away.detail")
        if isinstance(error, Refusal):
            kind = "missing" if error.status == 404 else "other"
            return (
                error.status,
                say(f"refused.{kind}.title"),
                say("refused.missing.detail") if kind == "missing" else error.title,
            )
        if failed(error).status_code == Unavailable.status:
            return 503, say("refused.away.title"), say("refused.away.detail")
        return 500, say("refused.broken.title"), say("refused.broken.detail", id=str(cause().correlation))


def _address(url: str) -> str:
    """Path and query of an address of ours."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _utc(time: str) -> str:
    """A time of the interface for people, to the minute."""
    return datetime.fromisoformat(time).strftime("%d %b %Y, %H:%M UTC").lstrip("0")
