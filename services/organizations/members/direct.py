"""Direct endpoint of members, reached without routing: the first page of an organization's list.

What is not ordinary (a client, another page, a revoked session, a missing permission) is left to the route, which knows
how to refuse. The list is one query, so that session, permission and rows are of one snapshot.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from access.guard import Guard
from access.replicas import ENDED, ended_by
from contracts.permissions import Permission
from kit.db.reads import Reads
from kit.http.direct import Endpoint
from organizations.direct import FIRST_PAGE, Row, granted_as_stored, page, uuid_of

_MEMBERS = f"""
SELECT m.user_id, p.email, p.name, m.granted::text, m.joined_at, own.granted::text
FROM members own JOIN organizations o ON o.id = own.organization_id
JOIN members m ON m.organization_id = own.organization_id LEFT JOIN people p ON p.user_id = m.user_id
WHERE own.organization_id = %(org)s AND own.user_id = %(user)s AND o.restorable_until IS NULL
AND NOT EXISTS ({ENDED})
ORDER BY m.joined_at, m.user_id LIMIT %(limit)s"""  # noqa: S608 - our own words


def endpoints(reads: Reads, guard: Guard) -> Mapping[str, Endpoint]:
    """By method and path."""

    async def list_members(request: Request) -> Response | None:
        org = uuid_of(request.path_params["org"])
        if request.scope["query_string"] or org is None:
            return None
        principal = await guard.principal(request)
        if principal.user_id is None:
            return None
        asked = {"user": principal.user_id, "org": org, "limit": FIRST_PAGE.limit + 1, **ended_by(principal)}
        rows = await reads.all(_MEMBERS, asked)
        if not rows or Permission.MEMBERS_READ not in granted_as_stored(rows[0][5])["permissions"]:
            return None
        return page(rows, _shown, lambda row: (row[4].isoformat(), str(row[0])))

    return {"GET /api/v1/organizations/{org}/members": list_members}


def _shown(row: Row) -> dict[str, Any]:
    user_id, email, name, grant, joined_at, _ = row
    return {"user_id": user_id, "email": email, "name": name, **granted_as_stored(grant), "joined_at": joined_at}
