"""Rendering of templates: strict headers, refusals as pages, and static files under hashed names."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from kit.context import cause
from kit.errors import Invalid, Refusal, Unavailable
from kit.http.assets import Assets
from kit.http.csrf import SAME_SITE_COOKIE
from kit.http.problems import failed

_HERE = Path(__file__).parent
_FOLDERS = sorted(_HERE.parent.glob("**/templates"))  # those of every slice beside our own
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


class Renderer:
    """Shows templates. Pages load only our own style sheet, scripts and icon."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._assets = Assets("/static", sorted((_HERE / "static").iterdir()))
        self._templates = Environment(loader=FileSystemLoader(_FOLDERS), autoescape=True, undefined=StrictUndefined)
        self._templates.globals["static"] = self._assets.urls

    def show(
        self, template: str, status: int = 200, *, redirect_origin: str | None = None, **values: Any
    ) -> HTMLResponse:
        """`redirect_origin`: another origin that the redirects after this page's form may lead to."""
        page = self._templates.get_template(template).render({"errors": {}, "next": None, **values})
        response = HTMLResponse(page, status)
        response.headers["Content-Security-Policy"] = " ".join(filter(None, (_POLICY, redirect_origin)))
        response.headers["X-Frame-Options"] = "DENY"
        response.set_cookie(SAME_SITE_COOKIE, "1", httponly=True, secure=self._secure, samesite="strict")
        return response

    def refused(self, refusal: Refusal) -> HTMLResponse:
        """The page for a refusal that no form shows beside a field."""
        response = self.show("refused.html", refusal.status, title=refusal.title, detail=refusal.detail)
        response.headers.update(refusal.headers)
        return response

    def failed(self, error: Exception) -> HTMLResponse:
        """The page for an internal error, which is logged as on every route."""
        if failed(error).status_code == Unavailable.status:
            return self.refused(Unavailable("Please try again in a moment."))
        detail = f"If it happens again, report this number: {cause().correlation}"
        return self.show("refused.html", 500, title="Something went wrong on our side", detail=detail)

    def static_router(self) -> APIRouter:
        return self._assets.router()

    def router(self) -> APIRouter:
        """A router whose refusals and failures are pages."""
        renderer = self

        class PageRoute(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
                answer = super().get_route_handler()

                async def as_page(request: Request) -> Response:
                    try:
                        return await answer(request)
                    except Refusal as refusal:
                        return renderer.refused(refusal)
                    except RequestValidationError:
                        return renderer.refused(Refusal("Open the page again and complete its form."))
                    except HTTPException:
                        raise
                    except Exception as error:  # the last place that can answer with a page
                        return renderer.failed(error)

                return as_page

        return APIRouter(route_class=PageRoute, include_in_schema=False)


def go_to(place: str) -> RedirectResponse:
    """The answer to a form: the browser reads the next page with GET."""
    return RedirectResponse(place, 303)


def errors_of(refusal: Invalid) -> dict[str, str]:
    """Messages by field, as templates show them."""
    return {error.field: error.message for error in refusal.errors}
