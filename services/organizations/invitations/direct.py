"""Direct endpoint of invitations, reached without routing: inviting an address.

What is not ordinary (a client, a revoked session, a missing permission) is left to the route, which can refuse it.
"""

from collections.abc import Callable, Mapping

from starlette.requests import Request

from access.checks import OrgPrincipal
from access.guard import Guard
from access.replicas import ENDED, ended_by
from contracts.email import InvalidEmail
from contracts.permissions import Grant, Permission
from kit.db.reads import Reads
from kit.http.direct import Endpoint, command
from organizations.direct import uuid_of
from organizations.invitations.api import Invite
from organizations.invitations.api_models import InvitationCreation
from organizations.invitations.domain import InvitationContext
from organizations.invitations.views import CONTEXT

_INVITING = f"{CONTEXT} AND NOT EXISTS ({ENDED})"


def endpoints(reads: Reads, guard: Guard, hash_of: Callable[[str], bytes], invite: Invite) -> Mapping[str, Endpoint]:
    """By method and path; `hash_of` gives the keyed hash of an address in its normal form."""

    async def inviting(request: Request, body: InvitationCreation) -> tuple[OrgPrincipal, InvitationContext] | None:
        org, address = uuid_of(request.path_params["org"]), _hashed(hash_of, body.email)
        principal = await guard.principal(request)
        if org is None or address is None or principal.user_id is None:
            return None
        asked = {"organization": org, "by": principal.user_id, "hash": address, **ended_by(principal)}
        rows = await reads.all(_INVITING, asked)
        if not rows or rows[0][1] is None:
            return None
        name, held, is_member, pending = rows[0]
        grant = Grant.model_validate_json(held)
        acting = guard.access.sufficient(principal, org, grant, Permission.MEMBERS_WRITE, fresh=True)
        return None if acting is None else (acting, InvitationContext(name, grant, is_member, pending))

    return {
        "POST /api/v1/organizations/{org}/invitations": command(
            inviting, InvitationCreation, lambda found, body, key: invite(found[0], body, key, found[1])
        )
    }


def _hashed(hash_of: Callable[[str], bytes], address: str) -> bytes | None:
    try:
        return hash_of(address.strip(" "))
    except InvalidEmail:
        return None
