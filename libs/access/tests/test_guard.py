"""The dependencies of routes, on tokens and replicas in memory."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from access.checks import MissingPermission, PermissionsUnavailable, UserRequired
from access.guard import Guard, asking_verifier
from access.principal import Principal
from access.tests.fakes import CLIENT, ORG, PLATFORM, Fakes, client_with, known_client, membership, user
from contracts import rpc
from contracts.permissions import Grant, Permission, Scope
from kit.context import cause
from kit.errors import NotFound, Unauthenticated, Unavailable
from kit.security.tokens import InvalidToken, Token

T = TypeVar("T")


class Verifier:
    def __init__(self, *principals: Principal) -> None:
        self._tokens = {principal.token.id: principal.token for principal in principals}

    async def verify(self, token: str) -> Token:
        if token not in self._tokens:
            raise InvalidToken
        return self._tokens[token]


class Read:
    """A query for the grant of a user and for what is asked for: here, how often it has run."""

    def __init__(self, *grants: Grant | None) -> None:
        self._grants = list(grants)
        self.count = 0

    async def __call__(self) -> tuple[Grant | None, int]:
        self.count += 1
        return self._grants.pop(0), self.count


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


def guard(fakes: Fakes, *principals: Principal) -> Guard:
    return Guard(Verifier(*principals), fakes.access)  # type: ignore[arg-type]


def request_of(principal: Principal | None, scheme: str = "Bearer") -> Request:
    token = principal.token.id if principal else ""
    return Request({"type": "http", "headers": [(b"authorization", f"{scheme} {token}".encode())]})


def wait(work: Awaitable[T]) -> T:
    async def awaited() -> T:
        return await work

    return asyncio.run(awaited())


@pytest.mark.parametrize("scheme", ["Basic", ""])
def test_another_authentication_scheme_is_refused(fakes: Fakes, scheme: str) -> None:
    principal = user()
    with pytest.raises(Unauthenticated) as refused:
        wait(guard(fakes, principal).anyone(request_of(principal, scheme)))
    assert not isinstance(refused.value, InvalidToken)


def test_an_empty_bearer_token_is_refused(fakes: Fakes) -> None:
    with pytest.raises(Unauthenticated) as refused:
        wait(guard(fakes).anyone(request_of(None)))
    assert not isinstance(refused.value, InvalidToken)


def test_anyone_accepts_active_users_and_clients(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read")
    ada, client = user(), client_with("events:read")
    guarded = guard(fakes, ada, client)
    assert wait(guarded.anyone(request_of(ada, "bearer"))) == ada
    assert wait(guarded.anyone(request_of(client))) == client
    fakes.ended.add(ada.session_id)
    del fakes.clients[CLIENT]
    for principal in (ada, client):
        with pytest.raises(InvalidToken):
            wait(guarded.anyone(request_of(principal)))


def test_user_accepts_only_users_with_an_active_session(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read")
    ada, client = user(), client_with("events:read")
    guarded = guard(fakes, ada, client)
    assert wait(guarded.user(request_of(ada))) == ada
    with pytest.raises(UserRequired):
        wait(guarded.user(request_of(client)))
    fakes.ended.add(ada.session_id)
    with pytest.raises(InvalidToken):
        wait(guarded.user(request_of(ada)))


def test_events_of_a_request_name_its_principal(fakes: Fakes) -> None:
    ada = user()

    async def actor() -> str | None:
        await guard(fakes, ada).principal(request_of(ada))
        return cause().actor

    assert asyncio.run(actor()) == ada.id


def test_a_grant_that_a_query_reads_along_decides(fakes: Fakes) -> None:
    fakes.members.authoritative = True
    ada, viewer = user(), Grant(role="viewer")
    read = Read(viewer)
    acting, found = wait(guard(fakes).acting_on(ada, ORG, Permission.PLATFORMS_READ, read))
    assert (acting.principal, acting.organization_id, acting.grant, found) == (ada, ORG, viewer, 1)
    fakes.grant("administrator")
    with pytest.raises(MissingPermission):
        wait(guard(fakes).acting_on(ada, ORG, Permission.PLATFORMS_WRITE, Read(viewer)))


def test_without_a_grant_the_principal_is_checked_as_everywhere_and_the_query_repeated(fakes: Fakes) -> None:
    fakes.members.authoritative = True
    ada = user()
    unknown = Read(None)
    with pytest.raises(NotFound):
        wait(guard(fakes).acting_on(ada, ORG, Permission.PLATFORMS_READ, unknown))
    assert unknown.count == 1
    grant = fakes.grant("viewer")
    acting, found = wait(guard(fakes).acting_on(ada, ORG, Permission.PLATFORMS_READ, Read(None, None)))
    assert (acting.grant, found) == (grant, 2)
    fakes.ended.add(ada.session_id)
    with pytest.raises(InvalidToken):
        wait(guard(fakes).acting_on(ada, ORG, Permission.PLATFORMS_READ, Read(None)))


def test_a_revoked_session_is_refused_whatever_its_grant(fakes: Fakes) -> None:
    fakes.grant("administrator")
    ada = user()
    fakes.ended.add(ada.session_id)
    guarded = guard(fakes, ada)
    with pytest.raises(InvalidToken):
        wait(guarded.require(Permission.PLATFORMS_READ)(request_of(ada), ORG))
    with pytest.raises(InvalidToken):
        wait(guarded.require_on_platform(Permission.PLATFORMS_READ)(request_of(ada), ORG, PLATFORM))


def test_an_insufficient_grant_is_requested_from_its_owner(fakes: Fakes) -> None:
    ada = user()
    require = guard(fakes, ada).require(Permission.PLATFORMS_WRITE)
    with pytest.raises(NotFound):
        wait(require(request_of(ada), ORG))
    fakes.grant("viewer")
    fakes.owner.answers[rpc.MEMBERSHIP.subject] = membership("manager")
    assert wait(require(request_of(ada), ORG)).grant.role == "manager"
    assert len(fakes.owner.asked) == 2


def test_a_client_needs_the_permission_as_a_scope(fakes: Fakes) -> None:
    fakes.clients[CLIENT] = known_client("events:read")
    client = client_with("events:read")
    guarded = guard(fakes, client)
    assert wait(guarded.require(Scope.EVENTS_READ)(request_of(client), ORG)).grant.permissions == ("events:read",)
    with pytest.raises(MissingPermission):
        wait(guarded.require(Permission.AUDIT_READ)(request_of(client), ORG))


def test_a_misspelled_permission_is_a_type_error_and_refuses_everybody(fakes: Fakes) -> None:
    # mypy reports a comment that ignores nothing: these three lines fail `make lint` if the guard takes any text.
    fakes.members.authoritative = True
    grant = fakes.grant("administrator")
    ada = user()
    guarded = guard(fakes, ada)
    anywhere = guarded.require("platform:read")  # type: ignore[arg-type]
    with pytest.raises(MissingPermission):
        wait(anywhere(request_of(ada), ORG))
    on_platform = guarded.require_on_platform("platform:read")  # type: ignore[arg-type]
    with pytest.raises(MissingPermission):
        wait(on_platform(request_of(ada), ORG, PLATFORM))
    with pytest.raises(MissingPermission):
        wait(guarded.acting_on(ada, ORG, "platform:read", Read(grant)))  # type: ignore[arg-type]


def test_without_the_bus_only_critical_permissions_are_refused(fakes: Fakes) -> None:
    grant = fakes.grant("administrator")
    fakes.owner.cut_off_seconds = 31.0
    ada = user()
    guarded = guard(fakes, ada)
    assert wait(guarded.require(Permission.CLIENTS_WRITE)(request_of(ada), ORG))
    assert wait(guarded.require_on_platform(Permission.PLATFORMS_WRITE)(request_of(ada), ORG, PLATFORM))
    assert wait(guarded.acting_on(ada, ORG, Permission.CLIENTS_WRITE, Read(grant)))
    with pytest.raises(PermissionsUnavailable):
        wait(guarded.require(Permission.CLIENTS_WRITE, fresh=True)(request_of(ada), ORG))
    with pytest.raises(PermissionsUnavailable):
        wait(guarded.require_on_platform(Permission.PLATFORMS_WRITE, fresh=True)(request_of(ada), ORG, PLATFORM))
    for known in (grant, None):
        with pytest.raises(PermissionsUnavailable):
            wait(guarded.acting_on(ada, ORG, Permission.CLIENTS_WRITE, Read(known), fresh=True))


def test_a_platform_beyond_the_limits_is_not_found(fakes: Fakes) -> None:
    fakes.members.authoritative = True
    fakes.grant("viewer", platforms=(PLATFORM,))
    ada = user()
    require = guard(fakes, ada).require_on_platform(Permission.PLATFORMS_READ)
    assert wait(require(request_of(ada), ORG, PLATFORM))
    with pytest.raises(NotFound):
        wait(require(request_of(ada), ORG, uuid4()))


def test_a_separate_scope_for_clients_does_not_apply_to_members(fakes: Fakes) -> None:
    fakes.grant("viewer")
    fakes.clients[CLIENT] = known_client("accounts:read")
    ada, client = user(), client_with("accounts:read")
    guarded = guard(fakes, ada, client)
    require = guarded.require_on_platform(Permission.PLATFORMS_READ, scope=Scope.ACCOUNTS_READ)
    assert wait(require(request_of(ada), ORG, PLATFORM))
    assert wait(require(request_of(client), ORG, PLATFORM))
    with pytest.raises(MissingPermission):
        wait(guarded.require_on_platform(Permission.PLATFORMS_READ)(request_of(client), ORG, PLATFORM))


def test_a_new_grant_applies_immediately(fakes: Fakes) -> None:
    ada = user()
    require = guard(fakes, ada).require(Permission.AUDIT_READ)
    fakes.grant("administrator")
    assert wait(require(request_of(ada), ORG))
    fakes.grant("viewer")
    fakes.owner.answers[rpc.MEMBERSHIP.subject] = membership("viewer")
    with pytest.raises(MissingPermission):
        wait(require(request_of(ada), ORG))


def test_a_request_without_a_token_is_a_problem(fakes: Fakes) -> None:
    app = FastAPI()
    app.get("/")(guard(fakes).anyone)

    async def get() -> None:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://service") as client:
            await client.get("/")

    with pytest.raises(Unauthenticated):
        asyncio.run(get())


class Issuer:
    """The bus, on which the issuer has keys or none; keeps how the verifier was asked for."""

    def __init__(self, keys: tuple[dict[str, str], ...] | None) -> None:
        self._keys = keys

    async def ask(self, subject: str, question: Any, reply: Any) -> Any:
        assert subject == rpc.JWKS.subject
        return reply(ok=None if self._keys is None else rpc.Jwks.model_construct(keys=self._keys))


def test_other_services_fetch_the_keys_of_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr("access.guard.Verifier", lambda *arguments: made.append(arguments))
    key = {"kid": "1"}
    for keys in ((key,), None):
        asking_verifier("https://id.example", Issuer(keys), None)  # type: ignore[arg-type]
    (issuer, audience, known, _), (*_, unknown, _) = made
    assert (issuer, audience, wait(known())) == ("https://id.example", "https://id.example/api", {"keys": [key]})
    with pytest.raises(Unavailable):
        wait(unknown())
