"""Trade platforms: the list, adding, renaming, the credentials of API and database, and how the last checks went."""

from secrets import token_urlsafe
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import HTMLResponse

from kit.http.csrf import CsrfGuard
from portal.api import ApiProblem, Json
from portal.pages.platform_tests import CredentialsForm, credentials_form, tested
from portal.rendering import Errors, Renderer
from portal.visits import Visit, Visits

Text = Annotated[str, Form()]
Target = Literal["api", "db"]
PAGE = "/portal/organizations/{org}/platforms"
APIS = {
    "mt4": ("mt4-web", "mt4-manager", "none"),
    "mt5": ("mt5-webapi", "mt5-rest", "mt5-manager", "none"),
}
_FIRST_LOOK = "5"  # rows
_STRIP = "50"  # checks


def routes(show: Renderer, visits: Visits, own_forms: CsrfGuard) -> APIRouter:
    router = show.router()
    Member = Annotated[Visit, Depends(visits.member)]
    Credentials = Annotated[CredentialsForm, Depends(credentials_form)]
    guarded = [Depends(own_forms)]

    def api_path(visit: Visit, platform: UUID) -> str:
        return f"{visit.here}/platforms/{platform}"

    def page_of(visit: Visit, platform: UUID | str) -> str:
        return f"{visit.home}/platforms/{platform}"

    @router.get(PAGE)
    def platforms(visit: Member, cursor: str = "") -> Response:
        shown = visit.api.page(f"{visit.here}/platforms", cursor=cursor)
        return show.page(visit, "platforms.html", section="platforms", shown=shown, first=not cursor)

    @router.get(PAGE + "/new")
    def new(visit: Member) -> Response:
        return show.sheet(visit, "platform_new.html", name="", kind="mt5", key=token_urlsafe(16))

    @router.post(PAGE + "/new", dependencies=guarded)
    def add(visit: Member, name: Text = "", kind: Text = "", key: Text = "") -> Response:
        api = APIS.get(kind, ("none",))[0]
        try:
            made = visit.api.post(f"{visit.here}/platforms", {"name": name, "kind": kind, "api": api}, key=key)
        except ApiProblem as problem:
            errors = show.errors_of(problem, "name", "kind")
            return show.sheet(visit, "platform_new.html", errors, name=name, kind=kind, key=key)
        return show.done(visit, page_of(visit, made["id"]), "platforms.added", name=made["name"])

    @router.get(PAGE + "/{platform}")
    def platform_page(visit: Member, platform: UUID) -> Response:
        path = api_path(visit, platform)
        found = visit.api.get(path)
        checks = visit.api.page(f"{path}/checks", limit=_STRIP)
        return show.page(visit, "platform.html", section="platforms", platform=found, checks=checks.items)

    @router.get(PAGE + "/{platform}/look")
    def look(visit: Member, platform: UUID) -> Response:
        """A first look at what the platform holds; asked for by the page, since a platform may take its time."""
        path = api_path(visit, platform)
        rows: dict[str, list[Json]] = {"accounts": [], "deals": []}
        problem = ""
        for what in rows:
            try:
                rows[what] = visit.api.page(f"{path}/{what}", limit=_FIRST_LOOK).items
            except ApiProblem as refused:
                problem = show.told(refused)
        if visit.is_htmx:
            return HTMLResponse(show.fragment("platform_look_rows.html", rows=rows, problem=problem))
        found = visit.api.get(path)
        return show.page(visit, "platform_look.html", section="platforms", platform=found, rows=rows, problem=problem)

    def edit_form(visit: Visit, platform: Json, name: str, api: str, errors: Errors | None = None) -> Response:
        apis = APIS[platform["kind"]]
        return show.sheet(visit, "platform_edit.html", errors, platform=platform, name=name, api=api, apis=apis)

    @router.get(PAGE + "/{platform}/edit")
    def edit(visit: Member, platform: UUID) -> Response:
        found = visit.api.get(api_path(visit, platform))
        return edit_form(visit, found, found["name"], found["api"])

    @router.post(PAGE + "/{platform}/edit", dependencies=guarded)
    def change(visit: Member, platform: UUID, name: Text = "", api: Text = "") -> Response:
        path = api_path(visit, platform)
        try:
            changed = visit.api.patch(path, {"name": name, "api": api})
        except ApiProblem as problem:
            return edit_form(visit, visit.api.get(path), name, api, show.errors_of(problem, "name", "api"))
        return show.done(visit, page_of(visit, platform), "platforms.changed", name=changed["name"])

    @router.get(PAGE + "/{platform}/remove")
    def ask_to_remove(visit: Member, platform: UUID) -> Response:
        found = visit.api.get(api_path(visit, platform))
        return show.sheet(visit, "platform_remove.html", platform=found, typed="")

    @router.post(PAGE + "/{platform}/remove", dependencies=guarded)
    def remove(visit: Member, platform: UUID, typed: Text = "") -> Response:
        path = api_path(visit, platform)
        found = visit.api.get(path)
        if typed.strip() != found["name"]:
            errors = {"typed": show.texts("platforms.remove.other_name")}
            return show.sheet(visit, "platform_remove.html", errors, platform=found, typed=typed)
        visit.api.delete(path)
        return show.done(visit, f"{visit.home}/platforms", "platforms.removed", name=found["name"])

    def set_form(
        visit: Visit, platform: Json, target: Target, given: CredentialsForm, errors: Errors | None = None, **more: Any
    ) -> Response:
        return show.sheet(
            visit,
            "platform_credentials.html",
            errors,
            platform=platform,
            target=target,
            given=given,
            **{"steps": [], "result": None, **more},
        )

    @router.get(PAGE + "/{platform}/credentials/{target}")
    def credentials(visit: Member, platform: UUID, target: Target) -> Response:
        found = visit.api.get(api_path(visit, platform))
        return set_form(visit, found, target, CredentialsForm.of(found, target))

    @router.post(PAGE + "/{platform}/credentials/{target}", dependencies=guarded)
    def set_credentials(visit: Member, platform: UUID, target: Target, given: Credentials) -> Response:
        path = api_path(visit, platform)
        try:
            visit.api.put(f"{path}/{target}-credentials", given.body(target))
        except ApiProblem as problem:
            errors = show.errors_of(problem, *given.fields(target))
            return set_form(visit, visit.api.get(path), target, given, errors)
        return show.done(visit, page_of(visit, platform), f"platforms.credentials_set.{target}")

    @router.post(PAGE + "/{platform}/credentials/{target}/test", dependencies=guarded)
    def test_offered(visit: Member, platform: UUID, target: Target, given: Credentials) -> Response:
        """Tries what stands in the form, without storing it."""
        path = api_path(visit, platform)
        body = {"target": target, "credentials": given.body(target)}

        def without_scripts(steps: list[Json], result: Json | None, problem: ApiProblem | None) -> Response:
            errors = show.errors_of(problem, *given.fields(target)) if problem else None
            return set_form(visit, visit.api.get(path), target, given, errors, steps=steps, result=result)

        return tested(show, visit, path, body, without_scripts)

    @router.post(PAGE + "/{platform}/check/{target}", dependencies=guarded)
    def check_stored(visit: Member, platform: UUID, target: Target) -> Response:
        def without_scripts(steps: list[Json], result: Json | None, problem: ApiProblem | None) -> Response:
            if problem:
                raise problem
            return show.done(visit, page_of(visit, platform), "platforms.checked")

        return tested(show, visit, api_path(visit, platform), {"target": target}, without_scripts)

    @router.get(PAGE + "/{platform}/credentials/{target}/remove")
    def ask_to_forget(visit: Member, platform: UUID, target: Target) -> Response:
        found = visit.api.get(api_path(visit, platform))
        return show.sheet(visit, "platform_credentials_remove.html", platform=found, target=target)

    @router.post(PAGE + "/{platform}/credentials/{target}/remove", dependencies=guarded)
    def forget(visit: Member, platform: UUID, target: Target) -> Response:
        visit.api.delete(f"{api_path(visit, platform)}/{target}-credentials")
        return show.done(visit, page_of(visit, platform), f"platforms.credentials_removed.{target}")

    return router
