"""Credentials of a platform's API and report database: set, check and remove them."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem, Json
from portal.layout.forms import Text
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer
from portal.platforms.checks import checked

Target = Literal["api", "db"]


@dataclass(frozen=True)
class CredentialsForm:
    """The values of the form, for an API (`login`) or a database (`database`, `user`, `tls`).

    No page shows the password.
    """

    host: str = ""
    port: str = ""
    login: str = ""
    database: str = ""
    user: str = ""
    tls: str = "verify"
    ca_pem: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, platform: Json, target: str) -> "CredentialsForm":
        """The stored credentials as the API shows them, without password."""
        known = platform[f"{target}_credentials"] or {}
        names = ("host", "port", "login", "database", "user", "tls")
        return cls(**{name: str(known[name]) for name in names if known.get(name) is not None})

    def fields(self, target: str) -> tuple[str, ...]:
        common = ("host", "port", "password", "ca_pem")
        return (*common, "login") if target == "api" else (*common, "database", "user", "tls")

    def body(self, target: str) -> Json:
        """The credentials as the API takes them, which also refuses a port or login that is not a number."""
        body: Json = {"host": self.host.strip(), "port": _number(self.port), "password": self.password}
        if self.ca_pem.strip():
            body["ca_pem"] = self.ca_pem
        if target == "api":
            return {**body, "login": _number(self.login)}
        return {**body, "database": self.database, "user": self.user, "tls": self.tls}


def _credentials_form(
    host: Text = "",
    port: Text = "",
    login: Text = "",
    database: Text = "",
    user: Text = "",
    tls: Text = "verify",
    ca_pem: Text = "",
    password: Text = "",
) -> CredentialsForm:
    return CredentialsForm(host, port, login, database, user, tls, ca_pem, password)


Credentials = Annotated[CredentialsForm, Depends(_credentials_form)]


def add_credential_routes(
    router: APIRouter, platforms: str, show: Renderer, requests: PageRequests, csrf: CsrfGuard
) -> None:
    """`platforms` is the path of the list of platforms."""
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def api_path(request: PageRequest, platform: UUID) -> str:
        return f"{request.api_path}/platforms/{platform}"

    def done(request: PageRequest, platform: UUID, text: str) -> Response:
        return show.done(request, f"{request.home}/platforms/{platform}", text)

    def dialog(
        request: PageRequest,
        platform: UUID,
        target: Target,
        given: CredentialsForm | None = None,
        errors: Errors | None = None,
        **check: Any,
    ) -> Response:
        """`check` has the `steps` and `result` of a check that has ended."""
        found = request.api.get(api_path(request, platform))
        given = given or CredentialsForm.of(found, target)
        values = {"platform": found, "target": target, "given": given, "steps": [], "result": None, **check}
        return show.dialog(request, "platforms/credentials.html", errors, **values)

    @router.get(platforms + "/{platform}/credentials/{target}")
    def credentials(request: Member, platform: UUID, target: Target) -> Response:
        return dialog(request, platform, target)

    @router.post(platforms + "/{platform}/credentials/{target}", dependencies=guarded)
    def set_credentials(request: Member, platform: UUID, target: Target, given: Credentials) -> Response:
        try:
            request.api.put(f"{api_path(request, platform)}/{target}-credentials", given.body(target))
        except ApiProblem as problem:
            return dialog(request, platform, target, given, show.errors_of(problem, *given.fields(target)))
        return done(request, platform, f"platforms.credentials_set.{target}")

    @router.post(platforms + "/{platform}/credentials/{target}/test", dependencies=guarded)
    def check_unsaved(request: Member, platform: UUID, target: Target, given: Credentials) -> Response:
        """Checks the values of the form, without storing them."""

        def without_scripts(steps: list[Json], result: Json | None, problem: ApiProblem | None) -> Response:
            errors = show.errors_of(problem, *given.fields(target)) if problem else None
            return dialog(request, platform, target, given, errors, steps=steps, result=result)

        body = {"target": target, "credentials": given.body(target)}
        return checked(show, request, api_path(request, platform), body, without_scripts)

    @router.post(platforms + "/{platform}/check/{target}", dependencies=guarded)
    def check_stored(request: Member, platform: UUID, target: Target) -> Response:
        def without_scripts(steps: list[Json], result: Json | None, problem: ApiProblem | None) -> Response:
            if problem:
                raise problem
            return done(request, platform, "platforms.checked")

        return checked(show, request, api_path(request, platform), {"target": target}, without_scripts)

    @router.get(platforms + "/{platform}/credentials/{target}/remove")
    def confirm_remove(request: Member, platform: UUID, target: Target) -> Response:
        found = request.api.get(api_path(request, platform))
        return show.dialog(request, "platforms/credentials_remove.html", platform=found, target=target)

    @router.post(platforms + "/{platform}/credentials/{target}/remove", dependencies=guarded)
    def remove(request: Member, platform: UUID, target: Target) -> Response:
        request.api.delete(f"{api_path(request, platform)}/{target}-credentials")
        return done(request, platform, f"platforms.credentials_removed.{target}")


def _number(text: str) -> int | str:
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdecimal() else stripped
