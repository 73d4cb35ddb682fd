"""For operators: the status of each service, its dead letters and operator log, and the delivery of e-mails."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response

from kit.errors import NotFound
from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem, Json, Listed
from portal.layout.forms import Text
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer

PAGE = "/portal/operations"
SERVICES = ("identity", "organizations", "platforms", "notifications")
Service = Literal["identity", "organizations", "platforms", "notifications"]
STATES = ("requested", "sent", "failed")
_UNITS = ("B", "kB", "MB", "GB")


def routes(show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> APIRouter:
    router = show.router()

    def operator(http: Request) -> PageRequest:
        """Raises NotFound for every other user, as if there were no such page; the API refuses them as well."""
        request = requests.signed_in(http)
        if not request.is_operator:
            raise NotFound
        return request

    Operator = Annotated[PageRequest, Depends(operator)]
    guarded = [Depends(csrf)]

    def service_page(request: PageRequest, service: str, cursor: str = "", errors: Errors | None = None) -> Response:
        dead_letters = request.api.page(f"/operations/{service}/dead-letters", cursor=cursor)
        return show.page(
            request,
            "operations/service.html",
            409 if errors else 200,
            section="",
            overview=_overview(request, service),
            dead_letters=dead_letters,
            heads=_heads(dead_letters),
            pretty=pretty,
            size=size,
            errors=errors or {},
        )

    @router.get(PAGE)
    def services(request: Operator) -> Response:
        all_of_them = [_overview(request, service) for service in SERVICES]
        return show.page(request, "operations/services.html", section="", services=all_of_them, size=size)

    @router.get(PAGE + "/mails")
    def mails(request: Operator, state: str = "", cursor: str = "") -> Response:
        chosen = state if state in STATES else ""
        shown = request.api.page("/operations/notifications/mails", state=chosen, cursor=cursor)
        return show.page(request, "operations/mails.html", section="", shown=shown, chosen=chosen, states=STATES)

    @router.get(PAGE + "/{service}")
    def service(request: Operator, service: Service, cursor: str = "") -> Response:
        return service_page(request, service, cursor)

    @router.get(PAGE + "/{service}/record")
    def operator_log(request: Operator, service: Service, cursor: str = "") -> Response:
        shown = request.api.page(f"/operations/{service}/operator-log", cursor=cursor)
        return show.page(request, "operations/operator_log.html", section="", service=service, shown=shown)

    @router.post(PAGE + "/{service}/{dead_letter}/replay", dependencies=guarded)
    def replay(request: Operator, service: Service, dead_letter: int) -> Response:
        try:
            done = request.api.post(f"/operations/{service}/dead-letters/{dead_letter}/replay")["replayed"]
        except ApiProblem as problem:
            if problem.code == "replay-failed":
                message = show.texts("operations.replay_failed", error=problem.detail)
                return service_page(request, service, errors={"form": message})
            return _already_handled(show, request, service, problem)
        text = "operations.replayed.one" if done == 1 else "operations.replayed.many"
        return show.done(request, f"{PAGE}/{service}", text, count=str(done))

    @router.get(PAGE + "/{service}/{dead_letter}/discard")
    def confirm_discard(request: Operator, service: Service, dead_letter: int) -> Response:
        return show.dialog(request, "operations/discard.html", service=service, dead_letter=dead_letter, reason="")

    @router.post(PAGE + "/{service}/{dead_letter}/discard", dependencies=guarded)
    def discard(request: Operator, service: Service, dead_letter: int, reason: Text = "") -> Response:
        try:
            request.api.post(f"/operations/{service}/dead-letters/{dead_letter}/discard", {"reason": reason})
        except ApiProblem as problem:
            if problem.status == 422:
                errors = show.errors_of(problem, "reason")
                return show.dialog(
                    request, "operations/discard.html", errors, service=service, dead_letter=dead_letter, reason=reason
                )
            return _already_handled(show, request, service, problem)
        return show.done(request, f"{PAGE}/{service}", "operations.discarded")

    return router


def pretty(payload: str) -> str:
    """A payload with indentation, where it is JSON."""
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload


def size(count: int) -> str:
    """A number of bytes in the largest unit that gives at least 1, such as `3.4 kB`."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 or amount >= 100 else f"{amount:.1f} {_UNITS[unit]}"


def _overview(request: PageRequest, service: str) -> Json:
    """The status of a service; `answers` is False where it does not respond."""
    try:
        return {**request.api.get(f"/operations/{service}"), "answers": True}
    except ApiProblem as problem:
        if not problem.is_outage:
            raise
        return {"service": service, "answers": False}


def _heads(dead_letters: Listed) -> set[int]:
    """The ids of the first dead letter of each aggregate: replaying it replays those behind it as well."""
    firsts: dict[tuple[Any, ...], int] = {}
    for each in dead_letters.items:
        firsts.setdefault((each["durable"], each["source"], each["subject"]), each["id"])
    return set(firsts.values())


def _already_handled(show: Renderer, request: PageRequest, service: str, problem: ApiProblem) -> Response:
    """The dead letter does not exist any more. Raises any other problem."""
    if problem.status != 404:
        raise problem
    return show.done(request, f"{PAGE}/{service}", "operations.dead_letter_gone")
