"""API clients: list, create, edit the name, scopes and platform limits, remove."""

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from contracts.permissions import SCOPE_NEEDS, Permission, Scope
from kit.http.csrf import CsrfGuard
from portal.clients.secrets import add_secret_routes, delete_if_present, secret_shown
from portal.layout.api import ApiProblem, Json
from portal.layout.forms import Text, TextList
from portal.layout.limits import platform_choices
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.layout.sections import Section

PAGE = "/portal/organizations/{org}/clients"
SECTION = Section("clients", Permission.CLIENTS_READ)
_FIELDS = ("name", "scopes", "limits")


@dataclass(frozen=True)
class ClientForm:
    """The values of the form. `platforms` are ids; they apply where `limited`."""

    name: str = ""
    scopes: tuple[str, ...] = ()
    limited: bool = False
    platforms: tuple[str, ...] = ()

    @classmethod
    def of(cls, client: Json) -> "ClientForm":
        platforms = client["limits"]["platforms"]
        return cls(client["name"], tuple(client["scopes"]), platforms is not None, tuple(platforms or ()))

    def body(self) -> Json:
        """The client as the API takes it."""
        limits = {"platforms": list(self.platforms) if self.limited else None}
        return {"name": self.name, "scopes": list(self.scopes), "limits": limits}


def _client_form(name: Text = "", scopes: TextList = [], limited: Text = "", platforms: TextList = []) -> ClientForm:  # noqa: B006 - FastAPI copies
    return ClientForm(name, tuple(scopes), limited == "yes", tuple(platforms))


Form = Annotated[ClientForm, Depends(_client_form)]


def routes(show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> APIRouter:
    router = show.router()
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def dialog(
        request: PageRequest, template: str, form: ClientForm, errors: Errors | None = None, **values: object
    ) -> Response:
        """`missing` maps a scope to the permissions that it needs and the user does not have."""
        missing = {
            str(scope): [str(each) for each in needs if not request.may(each)] for scope, needs in SCOPE_NEEDS.items()
        }
        known = {"all_scopes": list(Scope), "missing": missing, "platforms": platform_choices(request)}
        return show.dialog(request, template, errors, given=form, **known, **values)

    @router.get(PAGE)
    def clients(request: Member, cursor: str = "") -> Response:
        shown = request.api.page(f"{request.api_path}/clients", cursor=cursor)
        return show.page(request, "clients/clients.html", section="clients", shown=shown, first=not cursor)

    @router.get(PAGE + "/new")
    def new(request: Member) -> Response:
        return dialog(request, "clients/new.html", ClientForm(), key=token_urlsafe(16))

    @router.post(PAGE + "/new", dependencies=guarded)
    def create(request: Member, form: Form, key: Text = "") -> Response:
        try:
            made = request.api.post(f"{request.api_path}/clients", form.body(), key=key)
        except ApiProblem as problem:
            return dialog(request, "clients/new.html", form, show.errors_of(problem, *_FIELDS), key=key)
        return secret_shown(show, request, made, made["client_secret"])

    @router.get(PAGE + "/{id}")
    def client(request: Member, id: UUID) -> Response:
        found = request.api.get(f"{request.api_path}/clients/{id}")
        now, platforms = datetime.now(UTC).isoformat(), platform_choices(request)
        return show.page(request, "clients/client.html", section="clients", client=found, now=now, platforms=platforms)

    @router.get(PAGE + "/{id}/edit")
    def edit(request: Member, id: UUID) -> Response:
        found = request.api.get(f"{request.api_path}/clients/{id}")
        return dialog(request, "clients/edit.html", ClientForm.of(found), client=found)

    @router.post(PAGE + "/{id}/edit", dependencies=guarded)
    def change(request: Member, id: UUID, form: Form) -> Response:
        path = f"{request.api_path}/clients/{id}"
        try:
            changed = request.api.patch(path, form.body())
        except ApiProblem as problem:
            errors = show.errors_of(problem, *_FIELDS)
            return dialog(request, "clients/edit.html", form, errors, client=request.api.get(path))
        return show.done(request, f"{request.home}/clients/{id}", "clients.changed", name=changed["name"])

    add_secret_routes(router, PAGE, show, requests, csrf)

    @router.get(PAGE + "/{id}/remove")
    def confirm_remove(request: Member, id: UUID) -> Response:
        found = request.api.get(f"{request.api_path}/clients/{id}")
        return show.dialog(request, "clients/remove.html", client=found)

    @router.post(PAGE + "/{id}/remove", dependencies=guarded)
    def remove(request: Member, id: UUID) -> Response:
        delete_if_present(request, f"{request.api_path}/clients/{id}")
        return show.done(request, f"{request.home}/clients", "clients.removed")

    return router
