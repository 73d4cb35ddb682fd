"""Credentials of a platform's API and report database: set, check and remove them."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem, Json
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.platforms.checks import checked
from portal.platforms.connectors import Connectors, Target, body_of, first_values, labels_of


async def _given(http: Request) -> dict[str, str]:
    """The fields of the form. Which there are follows from the connector."""
    return {name: value for name, value in (await http.form()).items() if isinstance(value, str)}


Given = Annotated[dict[str, str], Depends(_given)]


def add_credential_routes(
    router: APIRouter, platforms: str, show: Renderer, requests: PageRequests, csrf: CsrfGuard
) -> None:
    """`platforms` is the path of the list of platforms."""
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def api_path(request: PageRequest, platform: UUID) -> str:
        return f"{request.api_path}/platforms/{platform}"

    def found(request: PageRequest, platform: UUID, target: Target) -> tuple[Json, Json | None]:
        """The platform and its connector."""
        known = request.api.get(api_path(request, platform))
        return known, Connectors.of(request).find(known, target)

    def done(request: PageRequest, platform: UUID, text: str) -> Response:
        return show.done(request, f"{request.home}/platforms/{platform}", text)

    def dialog(
        request: PageRequest,
        platform: Json,
        target: Target,
        connector: Json | None,
        given: Mapping[str, str] | None = None,
        errors: Errors | None = None,
        **check: Any,
    ) -> Response:
        """`check` has the `steps` and `result` of a check that has ended. No page shows a password."""
        if given is None:
            given = first_values(connector, platform) if connector else {}
        values = {"platform": platform, "target": target, "connector": connector, "given": given}
        return show.dialog(
            request, "platforms/credentials.html", errors, **{"steps": [], "result": None, **values, **check}
        )

    @router.get(platforms + "/{platform}/credentials/{target}")
    def credentials(request: Member, platform: UUID, target: Target) -> Response:
        known, connector = found(request, platform, target)
        return dialog(request, known, target, connector)

    @router.post(platforms + "/{platform}/credentials/{target}", dependencies=guarded)
    def set_credentials(request: Member, platform: UUID, target: Target, given: Given) -> Response:
        known, connector = found(request, platform, target)
        if connector is None:
            return dialog(request, known, target, None)
        try:
            request.api.put(f"{api_path(request, platform)}/{target}-credentials", body_of(connector, given))
        except ApiProblem as problem:
            errors = show.errors_of(problem, labels=labels_of(connector))
            return dialog(request, known, target, connector, given, errors)
        return done(request, platform, f"platforms.credentials_set.{target}")

    @router.post(platforms + "/{platform}/credentials/{target}/test", dependencies=guarded)
    def check_unsaved(request: Member, platform: UUID, target: Target, given: Given) -> Response:
        """Checks the values of the form, without storing them."""
        known, connector = found(request, platform, target)
        if connector is None:
            return dialog(request, known, target, None)

        def without_scripts(steps: list[Json], result: Json | None, problem: ApiProblem | None) -> Response:
            errors = show.errors_of(problem, labels=labels_of(connector)) if problem else None
            return dialog(request, known, target, connector, given, errors, steps=steps, result=result)

        body = {"target": target, "credentials": body_of(connector, given)}
        return checked(show, request, api_path(request, platform), body, without_scripts, labels_of(connector))

    @router.post(platforms + "/{platform}/check/{target}", dependencies=guarded)
    def check_stored(request: Member, platform: UUID, target: Target) -> Response:
        def without_scripts(steps: list[Json], result: Json | None, problem: ApiProblem | None) -> Response:
            if problem:
                raise problem
            return done(request, platform, "platforms.checked")

        return checked(show, request, api_path(request, platform), {"target": target}, without_scripts)

    @router.get(platforms + "/{platform}/credentials/{target}/remove")
    def confirm_remove(request: Member, platform: UUID, target: Target) -> Response:
        known = request.api.get(api_path(request, platform))
        return show.dialog(request, "platforms/credentials_remove.html", platform=known, target=target)

    @router.post(platforms + "/{platform}/credentials/{target}/remove", dependencies=guarded)
    def remove(request: Member, platform: UUID, target: Target) -> Response:
        request.api.delete(f"{api_path(request, platform)}/{target}-credentials")
        return done(request, platform, f"platforms.credentials_removed.{target}")
