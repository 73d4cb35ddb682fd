"""What is asked for most, without its route: two lists, each as one query on the event loop, and two commands.

What is not everyday (a client, another page, an ended session, a caller with no right) is left to the routes, which
know how to refuse. A list's query looks at the session, the right and the rows in one snapshot.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from access.checks import OrgPrincipal
from access.guard import Guard
from access.principal import Principal
from access.replicas import ENDED, ended_by
from contracts.email import InvalidEmail
from contracts.permissions import Grant, Permission
from kit.db.reads import Reads
from kit.http.direct import Endpoint, command
from kit.http.pagination import Paging
from organizations.api.invitations import Invite, NewInvitation
from organizations.api.organizations import Create, NewOrganization
from organizations.api.parts import granted
from organizations.domain import Met, first_organization_id
from organizations.views.invitations import MET

_OWN = f"""
SELECT o.id, o.name, m.granted::text, o.created_at, m.joined_at
FROM members m JOIN organizations o ON o.id = m.organization_id
WHERE m.user_id = %(user)s AND o.restorable_until IS NULL
AND NOT EXISTS ({ENDED}) AND EXISTS (SELECT FROM organizations WHERE id = %(first)s)
ORDER BY m.joined_at, m.organization_id LIMIT %(limit)s"""  # noqa: S608 - our own words
_INVITING = f"{MET} AND NOT EXISTS ({ENDED})"
_MEMBERS = f"""
SELECT m.user_id, p.email, p.name, m.granted::text, m.joined_at, own.granted::text
FROM members own JOIN organizations o ON o.id = own.organization_id
JOIN members m ON m.organization_id = own.organization_id LEFT JOIN people p ON p.user_id = m.user_id
WHERE own.organization_id = %(org)s AND own.user_id = %(user)s AND o.restorable_until IS NULL
AND NOT EXISTS ({ENDED})
ORDER BY m.joined_at, m.user_id LIMIT %(limit)s"""  # noqa: S608 - our own words


def commands(
    reads: Reads, guard: Guard, hash_of: Callable[[str], bytes], create: Create, invite: Invite
) -> Mapping[str, Endpoint]:
    """By method and path, for kit.service.build."""

    async def person(request: Request, _: NewOrganization) -> Principal:
        return await guard.person(request)

    async def inviting(request: Request, body: NewInvitation) -> tuple[OrgPrincipal, Met] | None:
        org, address = _uuid(request.path_params["org"]), _hashed(hash_of, body.email)
        caller = await guard.principal(request)
        if org is None or address is None or caller.user_id is None:
            return None
        asked = {"organization": org, "by": caller.user_id, "hash": address, **ended_by(caller)}
        rows = await reads.all(_INVITING, asked)
        if not rows or rows[0][1] is None:
            return None
        name, held, is_member, open_one = rows[0]
        grant = Grant.model_validate_json(held)
        acting = guard.access.sufficient(caller, org, grant, Permission.MEMBERS_WRITE, fresh=True)
        return None if acting is None else (acting, Met(name, grant, is_member, open_one))

    return {
        "POST /api/v1/organizations": command(person, NewOrganization, create),
        "POST /api/v1/organizations/{org}/invitations": command(
            inviting, NewInvitation, lambda found, body, key: invite(found[0], body, key, found[1])
        ),
    }


def lists(reads: Reads, guard: Guard) -> Mapping[str, Endpoint]:
    """By method and path, for kit.service.build."""
    first_page = Paging()

    async def list_organizations(request: Request) -> Response | None:
        if request.scope["query_string"]:
            return None
        caller = await guard.principal(request)
        if caller.user_id is None:
            return None
        rows = await reads.all(
            _OWN,
            {
                "user": caller.user_id,
                "first": first_organization_id(caller.user_id),
                **ended_by(caller),
                "limit": first_page.limit + 1,
            },
        )
        return _page(first_page, rows, _organization, lambda row: (row[4].isoformat(), str(row[0])))

    async def list_members(request: Request) -> Response | None:
        org = _uuid(request.path_params["org"])
        if request.scope["query_string"] or org is None:
            return None
        caller = await guard.principal(request)
        if caller.user_id is None:
            return None
        rows = await reads.all(
            _MEMBERS,
            {"user": caller.user_id, "org": org, **ended_by(caller), "limit": first_page.limit + 1},
        )
        if not rows or Permission.MEMBERS_READ not in _granted(rows[0][5])["permissions"]:
            return None
        return _page(first_page, rows, _member, lambda row: (row[4].isoformat(), str(row[0])))

    return {
        "GET /api/v1/organizations": list_organizations,
        "GET /api/v1/organizations/{org}/members": list_members,
    }


def _page(paging: Paging, rows: Sequence[Any], show: Any, place: Any) -> Response | None:
    """As `kit.http.pagination.Page` of the routes' models; None without rows."""
    if not rows:
        return None
    return Response(to_json(dict(paging.page(rows, show, place))), media_type="application/json")


def _organization(row: Sequence[Any]) -> dict[str, Any]:
    identifier, name, grant, created_at, _ = row
    held = _granted(grant)
    return {
        "id": identifier,
        "name": name,
        "role": held["role"],
        "permissions": held["permissions"],
        "created_at": created_at,
    }


def _member(row: Sequence[Any]) -> dict[str, Any]:
    user_id, email, name, grant, joined_at, _ = row
    return {"user_id": user_id, "email": email, "name": name, **_granted(grant), "joined_at": joined_at}


@lru_cache(4096)
def _granted(stored: str) -> dict[str, Any]:
    """Few different grants are held by many."""
    shown = granted(Grant.model_validate_json(stored))
    return {**shown, "limits": shown["limits"].model_dump(mode="json")}


def _hashed(hash_of: Callable[[str], bytes], address: str) -> bytes | None:
    try:
        return hash_of(address.strip(" "))
    except InvalidEmail:
        return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
