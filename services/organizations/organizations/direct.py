"""Direct endpoints of organizations, reached without routing: the first page of a user's list, and creating one.

What is not ordinary (a client, another page, a revoked session, no organization yet) is left to the routes, which know
how to refuse. The list is one query, so that session and rows are of one snapshot.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from access.guard import Guard
from access.principal import Principal
from access.replicas import ENDED, ended_by
from kit.db.reads import Reads
from kit.http.direct import Endpoint, command
from organizations.direct import FIRST_PAGE, Row, granted_as_stored, page
from organizations.organizations.api import Create
from organizations.organizations.api_models import OrganizationCreation
from organizations.organizations.domain import first_organization_id

_OWN = f"""
SELECT o.id, o.name, m.granted::text, o.created_at, m.joined_at
FROM members m JOIN organizations o ON o.id = m.organization_id
WHERE m.user_id = %(user)s AND o.restorable_until IS NULL
AND NOT EXISTS ({ENDED}) AND EXISTS (SELECT FROM organizations WHERE id = %(first)s)
ORDER BY m.joined_at, m.organization_id LIMIT %(limit)s"""  # noqa: S608 - our own words


def endpoints(reads: Reads, guard: Guard, create: Create) -> Mapping[str, Endpoint]:
    """By method and path."""

    async def user(request: Request, _: OrganizationCreation) -> Principal:
        return await guard.user(request)

    async def list_organizations(request: Request) -> Response | None:
        if request.scope["query_string"]:
            return None
        principal = await guard.principal(request)
        if principal.user_id is None:
            return None
        asked = {
            "user": principal.user_id,
            "first": first_organization_id(principal.user_id),
            "limit": FIRST_PAGE.limit + 1,
            **ended_by(principal),
        }
        return page(await reads.all(_OWN, asked), _shown, lambda row: (row[4].isoformat(), str(row[0])))

    return {
        "GET /api/v1/organizations": list_organizations,
        "POST /api/v1/organizations": command(user, OrganizationCreation, create),
    }


def _shown(row: Row) -> dict[str, Any]:
    identifier, name, grant, created_at, _ = row
    held = granted_as_stored(grant)
    return {
        "id": identifier,
        "name": name,
        "role": held["role"],
        "permissions": held["permissions"],
        "created_at": created_at,
    }
