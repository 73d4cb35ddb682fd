"""Responses of pages: whole pages, the parts and dialogs that htmx inserts, and refusals as pages."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.exceptions import HTTPException

from kit.context import cause
from kit.errors import Refusal, Unavailable
from kit.http.assets import Assets
from kit.http.csrf import SAME_SITE_COOKIE
from kit.http.problems import failed
from portal.layout.api import ApiProblem
from portal.layout.cookies import Cookies
from portal.layout.page_requests import PageRequest
from portal.layout.sections import Section
from portal.layout.sessions import NotSignedIn, Session
from portal.layout.texts import Texts

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_PAGE, _PART, _DIALOG = "layout/page.html", "layout/part.html", "layout/dialog.html"

Errors = Mapping[str, str]
"""Field to message; `form` is the form as a whole."""


class Renderer:
    """Renders the templates of all subjects: `users/invite.html` is `users/templates/invite.html`.

    The header lists the sections in their order. Raises KeyError for one without a text.
    """

    def __init__(
        self, texts: Texts, cookies: Cookies, public_url: str, node_modules: Path, sections: Sequence[Section]
    ) -> None:
        self.texts = texts
        shown = [(section, texts(f"nav.{section.name}")) for section in sections]
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
            loader=PrefixLoader(
                {each.parent.name: FileSystemLoader(each) for each in _HERE.parent.glob("*/templates")}
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            t=texts, static=self.assets.urls, public_url=public_url, utc=_utc, sections=shown
        )

    def page(self, request: PageRequest, template: str, status: int = 200, **values: Any) -> Response:
        """A whole page; for htmx, the part of it that replaces `#app`."""
        layout, notice = _PART if request.is_htmx else _PAGE, self._notice(request.session)
        response = self._render(layout, template, status, request=request, notice=notice, **values)
        request.sessions.clear_notice(request.session)
        if request.is_htmx and request.http.headers.get("hx-target") != "more":
            response.headers.update({"HX-Retarget": "#app", "HX-Reswap": "outerHTML show:window:top"})
            address = request.http.url.path + (f"?{request.http.url.query}" if request.http.url.query else "")
            if request.http.method == "GET" and address != _address(request.http.headers.get("hx-current-url", "")):
                response.headers["HX-Push-Url"] = address
        return response

    def dialog(self, request: PageRequest, template: str, errors: Errors | None = None, **values: Any) -> Response:
        """A form or confirmation: for htmx in the dialog of the open page, else a page of its own.

        The status is 422 where there are errors.
        """
        layout = _DIALOG if request.is_htmx else _PAGE
        status = 422 if errors else 200
        response = self._render(layout, template, status, request=request, errors=errors or {}, **values)
        if request.is_htmx:
            response.headers.update({"HX-Retarget": "#dialog", "HX-Reswap": "innerHTML"})
        return response

    def done(self, request: PageRequest, to: str, text: str, **values: str) -> Response:
        """Redirect to a page that shows this text as a notice: the answer to a form that succeeded."""
        request.sessions.set_notice(request.session, text, **values)
        return RedirectResponse(to, 303)

    def anonymous(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page without a signed-in user."""
        return self._render(_PAGE, template, status, request=None, **values)

    def fragment(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(values)

    def errors_of(self, problem: ApiProblem, *fields: str, labels: Mapping[str, str] | None = None) -> Errors:
        """The messages of a problem: beside each of the form's `fields`, else for the form as a whole.

        `labels` are fields of credentials with their labels, for which the catalogue has no text.
        """
        if not problem.errors:
            return {"form": self.message_of(problem)}
        found: dict[str, str] = {}
        for name, message in problem.errors.items():
            field = name.removeprefix("credentials.").split(".")[0]
            sentence = message[:1].upper() + message[1:]
            if field in fields or field in (labels or {}):
                found.setdefault(field, sentence)
            else:
                label = self.texts.or_else(f"fields.{field}", "")
                found.setdefault("form", f"{label}: {message}" if label else sentence)
        return found

    def message_of(self, problem: ApiProblem) -> str:
        """The catalogue's text for the problem's code, else the API's detail."""
        return self.texts.or_else(f"problems.{problem.code}", problem.detail or self.texts("problems.other"))

    def refused(self, status: int, title: str, detail: str) -> Response:
        """A page without menu: the call that failed may have been for the menu."""
        return self.anonymous("layout/refused.html", status, title=title, detail=detail, retry=status >= 500)

    def router(self) -> APIRouter:
        """A router whose refusals and failures are pages."""
        renderer = self

        class PageRoute(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                answer = super().get_route_handler()

                async def as_page(request: Request) -> Response:
                    try:
                        return await answer(request)
                    except NotSignedIn:
                        return renderer._to_sign_in(request)
                    except HTTPException:
                        raise
                    except Exception as error:  # the last place that can answer with a page
                        return renderer._failed(request, error)

                return as_page

        return APIRouter(route_class=PageRoute, include_in_schema=False)

    def _render(self, layout: str, template: str, status: int, **values: Any) -> Response:
        defaults = {"layout": layout, "errors": {}, "notice": ""}
        response = HTMLResponse(self._templates.get_template(template).render({**defaults, **values}), status)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Vary"] = "HX-Request"
        response.set_cookie(SAME_SITE_COOKIE, "1", httponly=True, secure=self._cookies.secure, samesite="strict")
        return response

    def _notice(self, session: Session) -> str:
        if session.notice is None:
            return ""
        try:
            return self.texts(session.notice["text"], **session.notice["values"])
        except KeyError:  # stored by a release whose catalogue has other names
            return ""

    def _to_sign_in(self, request: Request) -> Response:
        htmx = request.headers.get("hx-request") == "true"
        here = request.headers.get("hx-current-url", "") if htmx or request.method != "GET" else str(request.url)
        then = _address(here)
        to = "/portal/sign-in" + (f"?next={quote(then, safe='')}" if then else "")
        response = Response(headers={"HX-Redirect": to}) if htmx else RedirectResponse(to, 303)
        self._cookies.delete_session(response)
        return response

    def _failed(self, request: Request, error: Exception) -> Response:
        status, title, detail = self._refusal_of(error)
        if request.headers.get("hx-request") != "true":
            return self.refused(status, title, detail)
        body = self.fragment("layout/problem.html", title=title, detail=detail)
        return HTMLResponse(body, status, {"HX-Retarget": "#dialog", "HX-Reswap": "innerHTML"})

    def _refusal_of(self, error: Exception) -> tuple[int, str, str]:
        """Status, title and detail of the page for an error."""
        if isinstance(error, ApiProblem):
            kinds = {403: "forbidden", 404: "missing", 429: "busy"}
            kind = kinds.get(error.status, "unavailable" if error.is_outage else "other")
            return self._refusal(error.status, kind, self.message_of(error))
        if isinstance(error, RequestValidationError):
            return self._refusal(404, "missing")
        if isinstance(error, Unavailable):
            return self._refusal(503, "unavailable")
        if isinstance(error, Refusal):
            return self._refusal(error.status, "missing" if error.status == 404 else "other", error.title)
        if failed(error).status_code == Unavailable.status:
            return self._refusal(503, "unavailable")
        return self._refusal(500, "failed")

    def _refusal(self, status: int, kind: str, detail: str = "") -> tuple[int, str, str]:
        """`detail` is for the kind `other`, which has none in the catalogue."""
        if kind != "other":
            detail = self.texts(f"refused.{kind}.detail", id=str(cause().correlation))
        return status, self.texts(f"refused.{kind}.title"), detail


def _address(url: str) -> str:
    """Path and query of a URL of the portal."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _utc(time: str) -> str:
    """A timestamp of the API as a reader's text, to the minute, in UTC."""
    return datetime.fromisoformat(time).strftime("%d %b %Y, %H:%M UTC").lstrip("0")
