"""Accounts of programs: their scopes, their secrets shown once, and how they are replaced."""

from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from contracts.permissions import SCOPE_NEEDS, Scope
from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem, Json
from portal.pages.users import platforms_of
from portal.rendering import Errors, Renderer
from portal.visits import Visit, Visits

Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]
PAGE = "/portal/organizations/{org}/clients"
_LIFETIMES = ("30", "90", "365", "")  # days; without end


def routes(show: Renderer, visits: Visits, own_forms: CsrfGuard) -> APIRouter:
    router = show.router()
    Member = Annotated[Visit, Depends(visits.member)]
    guarded = [Depends(own_forms)]

    def form(visit: Visit, template: str, errors: Errors | None = None, **values: Any) -> Response:
        lacking = {
            str(scope): [str(each) for each in needs if not visit.may(each)] for scope, needs in SCOPE_NEEDS.items()
        }
        known = {"all_scopes": list(Scope), "lacking": lacking, "platforms": platforms_of(visit)}
        return show.sheet(visit, template, errors, **known, **values)

    def secret_shown(visit: Visit, client: Json, secret: str) -> Response:
        """The only answer that ever holds it; whoever reloads the form gets the same one again."""
        return show.sheet(visit, "client_secret.html", client=client, secret=secret)

    @router.get(PAGE)
    def clients(visit: Member, cursor: str = "") -> Response:
        shown = visit.api.page(f"{visit.here}/clients", cursor=cursor)
        return show.page(visit, "clients.html", section="clients", shown=shown, first=not cursor)

    @router.get(PAGE + "/new")
    def new(visit: Member) -> Response:
        return form(visit, "client_new.html", name="", scopes=[], limited=False, chosen=[], key=token_urlsafe(16))

    @router.post(PAGE + "/new", dependencies=guarded)
    def create(
        visit: Member,
        name: Text = "",
        scopes: Texts = [],  # noqa: B006 - FastAPI copies
        limited: Text = "",
        platforms: Texts = [],  # noqa: B006
        key: Text = "",
    ) -> Response:
        body = {"name": name, "scopes": scopes, "limits": {"platforms": platforms if limited == "yes" else None}}
        try:
            made = visit.api.post(f"{visit.here}/clients", body, key=key)
        except ApiProblem as problem:
            errors = show.errors_of(problem, "name", "scopes", "limits")
            kept = {"name": name, "scopes": scopes, "limited": limited == "yes", "chosen": platforms, "key": key}
            return form(visit, "client_new.html", errors, **kept)
        return secret_shown(visit, made, made["client_secret"])

    @router.get(PAGE + "/{id}")
    def client(visit: Member, id: UUID) -> Response:
        found = visit.api.get(f"{visit.here}/clients/{id}")
        now, platforms = datetime.now(UTC).isoformat(), platforms_of(visit)
        return show.page(visit, "client.html", section="clients", client=found, now=now, platforms=platforms)

    @router.get(PAGE + "/{id}/edit")
    def edit(visit: Member, id: UUID) -> Response:
        found = visit.api.get(f"{visit.here}/clients/{id}")
        limits = found["limits"]["platforms"]
        kept = {"name": found["name"], "scopes": found["scopes"], "limited": limits is not None, "chosen": limits or []}
        return form(visit, "client_edit.html", None, client=found, **kept)

    @router.post(PAGE + "/{id}/edit", dependencies=guarded)
    def change(
        visit: Member,
        id: UUID,
        name: Text = "",
        scopes: Texts = [],  # noqa: B006
        limited: Text = "",
        platforms: Texts = [],  # noqa: B006
    ) -> Response:
        path = f"{visit.here}/clients/{id}"
        body = {"name": name, "scopes": scopes, "limits": {"platforms": platforms if limited == "yes" else None}}
        try:
            changed = visit.api.patch(path, body)
        except ApiProblem as problem:
            errors = show.errors_of(problem, "name", "scopes", "limits")
            kept = {"name": name, "scopes": scopes, "limited": limited == "yes", "chosen": platforms}
            return form(visit, "client_edit.html", errors, client=visit.api.get(path), **kept)
        return show.done(visit, f"{visit.home}/clients/{id}", "clients.changed", name=changed["name"])

    def secret_form(visit: Visit, id: UUID, errors: Errors | None = None, **values: str) -> Response:
        found = visit.api.get(f"{visit.here}/clients/{id}")
        return show.sheet(visit, "client_secret_new.html", errors, client=found, lifetimes=_LIFETIMES, **values)

    @router.get(PAGE + "/{id}/secrets/new")
    def new_secret(visit: Member, id: UUID) -> Response:
        return secret_form(visit, id, name="", days="365", key=token_urlsafe(16))

    @router.post(PAGE + "/{id}/secrets/new", dependencies=guarded)
    def issue(visit: Member, id: UUID, name: Text = "", days: Text = "", key: Text = "") -> Response:
        path = f"{visit.here}/clients/{id}"
        try:
            issued = visit.api.post(f"{path}/secrets", {"name": name, "expires_at": _expiry(days)}, key=key)
        except ApiProblem as problem:
            return secret_form(visit, id, show.errors_of(problem, "name", "expires_at"), name=name, days=days, key=key)
        return secret_shown(visit, visit.api.get(path), issued["client_secret"])

    @router.get(PAGE + "/{id}/secrets/{secret}/end")
    def ask_to_end(visit: Member, id: UUID, secret: UUID) -> Response:
        found = visit.api.get(f"{visit.here}/clients/{id}")
        named = next((each for each in found["secrets"] if each["id"] == str(secret)), None)
        return show.sheet(visit, "client_secret_end.html", client=found, secret=named, last=len(found["secrets"]) == 1)

    @router.post(PAGE + "/{id}/secrets/{secret}/end", dependencies=guarded)
    def end(visit: Member, id: UUID, secret: UUID) -> Response:
        _gone(visit, f"{visit.here}/clients/{id}/secrets/{secret}")
        return show.done(visit, f"{visit.home}/clients/{id}", "clients.secret_ended")

    @router.get(PAGE + "/{id}/remove")
    def ask_to_remove(visit: Member, id: UUID) -> Response:
        return show.sheet(visit, "client_remove.html", client=visit.api.get(f"{visit.here}/clients/{id}"))

    @router.post(PAGE + "/{id}/remove", dependencies=guarded)
    def remove(visit: Member, id: UUID) -> Response:
        _gone(visit, f"{visit.here}/clients/{id}")
        return show.done(visit, f"{visit.home}/clients", "clients.removed")

    return router


def _expiry(days: str) -> str | None:
    """Midnight that ends the last day, so that a form sent twice asks for the same."""
    if days not in _LIFETIMES or not days:
        return None
    until = datetime.now(UTC).date() + timedelta(days=int(days) + 1)
    return f"{until.isoformat()}T00:00:00Z"


def _gone(visit: Visit, path: str) -> None:
    """Ended; also when it was already."""
    try:
        visit.api.delete(path)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
