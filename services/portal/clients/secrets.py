"""Client secrets: create one, which is shown once, and revoke one."""

from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from kit.http.csrf import CsrfGuard
from portal.layout.api import ApiProblem, Json
from portal.layout.forms import Text
from portal.layout.page_requests import PageRequest, PageRequests
from portal.layout.rendering import Errors, Renderer

_LIFETIMES = ("30", "90", "365", "")  # days; the last one does not expire


def secret_shown(show: Renderer, request: PageRequest, client: Json, secret: str) -> Response:
    """The only response with the secret; a repeated form shows the same secret again."""
    return show.dialog(request, "clients/secret.html", client=client, secret=secret)


def add_secret_routes(router: APIRouter, clients: str, show: Renderer, requests: PageRequests, csrf: CsrfGuard) -> None:
    """`clients` is the path of the list of clients."""
    Member = Annotated[PageRequest, Depends(requests.member)]
    guarded = [Depends(csrf)]

    def dialog(request: PageRequest, id: UUID, errors: Errors | None = None, **values: str) -> Response:
        found = request.api.get(f"{request.api_path}/clients/{id}")
        return show.dialog(request, "clients/secret_new.html", errors, client=found, lifetimes=_LIFETIMES, **values)

    @router.get(clients + "/{id}/secrets/new")
    def new_secret(request: Member, id: UUID) -> Response:
        return dialog(request, id, name="", days="365", key=token_urlsafe(16))

    @router.post(clients + "/{id}/secrets/new", dependencies=guarded)
    def create_secret(request: Member, id: UUID, name: Text = "", days: Text = "", key: Text = "") -> Response:
        path = f"{request.api_path}/clients/{id}"
        try:
            issued = request.api.post(f"{path}/secrets", {"name": name, "expires_at": _expiry(days)}, key=key)
        except ApiProblem as problem:
            return dialog(request, id, show.errors_of(problem, "name", "expires_at"), name=name, days=days, key=key)
        return secret_shown(show, request, request.api.get(path), issued["client_secret"])

    @router.get(clients + "/{id}/secrets/{secret}/end")
    def confirm_revoke(request: Member, id: UUID, secret: UUID) -> Response:
        found = request.api.get(f"{request.api_path}/clients/{id}")
        named = next((each for each in found["secrets"] if each["id"] == str(secret)), None)
        last = len(found["secrets"]) == 1
        return show.dialog(request, "clients/secret_revoke.html", client=found, secret=named, last=last)

    @router.post(clients + "/{id}/secrets/{secret}/end", dependencies=guarded)
    def revoke(request: Member, id: UUID, secret: UUID) -> Response:
        delete_if_present(request, f"{request.api_path}/clients/{id}/secrets/{secret}")
        return show.done(request, f"{request.home}/clients/{id}", "clients.secret_revoked")


def delete_if_present(request: PageRequest, path: str) -> None:
    """Delete; a 404 counts as success, because another user already deleted it."""
    try:
        request.api.delete(path)
    except ApiProblem as problem:
        if problem.status != 404:
            raise


def _expiry(days: str) -> str | None:
    """Midnight (UTC) after the last day, so that a repeated form asks for the same time; None for no expiry."""
    if days not in _LIFETIMES or not days:
        return None
    until = datetime.now(UTC).date() + timedelta(days=int(days) + 1)
    return f"{until.isoformat()}T00:00:00Z"
