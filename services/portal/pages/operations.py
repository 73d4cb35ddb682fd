"""For operators: how each service stands, what it has set aside, what became of the mails."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from kit.errors import NotFound
from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem, Json, Listed
from portal.rendering import Errors, Renderer
from portal.visits import Visit, Visits

PAGE = "/portal/operations"
SERVICES = ("identity", "organizations", "platforms", "notifications")
Service = Literal["identity", "organizations", "platforms", "notifications"]
STATES = ("requested", "sent", "failed")
_UNITS = ("B", "kB", "MB", "GB")


def routes(show: Renderer, visits: Visits, own_forms: CsrfGuard) -> APIRouter:
    router = show.router()

    def operator(request: Request) -> Visit:
        """Who is none need not know that there is such a page; the interface itself refuses them too."""
        visit = visits.anyone(request)
        if not visit.is_operator:
            raise NotFound
        return visit

    Operator = Annotated[Visit, Depends(operator)]
    guarded = [Depends(own_forms)]

    def service_page(visit: Visit, service: str, cursor: str = "", errors: Errors | None = None) -> Response:
        parked = visit.api.page(f"/operations/{service}/parked", cursor=cursor)
        return show.page(
            visit,
            "operations_service.html",
            409 if errors else 200,
            section="",
            stands=_overview(visit, service),
            parked=parked,
            heads=_heads(parked),
            pretty=pretty,
            size=size,
            errors=errors or {},
        )

    @router.get(PAGE)
    def services(visit: Operator) -> Response:
        all_of_them = [_overview(visit, service) for service in SERVICES]
        return show.page(visit, "operations.html", section="", services=all_of_them, size=size)

    @router.get(PAGE + "/mails")
    def mails(visit: Operator, state: str = "", cursor: str = "") -> Response:
        chosen = state if state in STATES else ""
        shown = visit.api.page("/operations/notifications/mails", state=chosen, cursor=cursor)
        return show.page(visit, "operations_mails.html", section="", shown=shown, chosen=chosen, states=STATES)

    @router.get(PAGE + "/{service}")
    def service(visit: Operator, service: Service, cursor: str = "") -> Response:
        return service_page(visit, service, cursor)

    @router.get(PAGE + "/{service}/record")
    def record(visit: Operator, service: Service, cursor: str = "") -> Response:
        shown = visit.api.page(f"/operations/{service}/interventions", cursor=cursor)
        return show.page(visit, "operations_record.html", section="", service=service, shown=shown)

    @router.post(PAGE + "/{service}/{parked}/replay", dependencies=guarded)
    def replay(visit: Operator, service: Service, parked: int) -> Response:
        try:
            done = visit.api.post(f"/operations/{service}/parked/{parked}/replay")["replayed"]
        except ApiProblem as problem:
            if problem.code == "replay-failed":
                told = show.texts("operations.failed_again", error=problem.detail)
                return service_page(visit, service, errors={"form": told})
            return _gone(show, visit, service, problem)
        told = "operations.replayed.one" if done == 1 else "operations.replayed.many"
        return show.done(visit, f"{PAGE}/{service}", told, count=str(done))

    @router.get(PAGE + "/{service}/{parked}/discard")
    def ask_to_discard(visit: Operator, service: Service, parked: int) -> Response:
        return show.sheet(visit, "operations_discard.html", service=service, parked=parked, reason="")

    @router.post(PAGE + "/{service}/{parked}/discard", dependencies=guarded)
    def discard(visit: Operator, service: Service, parked: int, reason: Annotated[str, Form()] = "") -> Response:
        try:
            visit.api.post(f"/operations/{service}/parked/{parked}/discard", {"reason": reason})
        except ApiProblem as problem:
            if problem.status == 422:
                errors = show.errors_of(problem, "reason")
                return show.sheet(
                    visit, "operations_discard.html", errors, service=service, parked=parked, reason=reason
                )
            return _gone(show, visit, service, problem)
        return show.done(visit, f"{PAGE}/{service}", "operations.discarded")

    return router


def pretty(payload: str) -> str:
    """A message as people read it, where it is JSON."""
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload


def size(count: int) -> str:
    """Bytes in the largest unit that leaves at least one."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 or amount >= 100 else f"{amount:.1f} {_UNITS[unit]}"


def _overview(visit: Visit, service: str) -> Json:
    """How a service stands; `answers` is False where it does not say."""
    try:
        return {**visit.api.get(f"/operations/{service}"), "answers": True}
    except ApiProblem as problem:
        if not problem.is_outage:
            raise
        return {"service": service, "answers": False}


def _heads(parked: Listed) -> set[int]:
    """The first message of each subject: with it, those behind it are replayed."""
    firsts: dict[tuple[Any, ...], int] = {}
    for each in parked.items:
        firsts.setdefault((each["durable"], each["source"], each["subject"]), each["id"])
    return set(firsts.values())


def _gone(show: Renderer, visit: Visit, service: str, problem: ApiProblem) -> Response:
    """Somebody else was faster; raises any other problem."""
    if problem.status != 404:
        raise problem
    return show.done(visit, f"{PAGE}/{service}", "operations.gone")
