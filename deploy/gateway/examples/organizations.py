"""Examples of organizations, members, invitations and the audit trail."""

from deploy.gateway.examples.invented import (
    ADA,
    BOB,
    CHANGE,
    EARLIER,
    INVITATION,
    NOW,
    ORGANIZATION,
    REQUEST,
    Example,
    page,
)

_NAME = "North Sea Brokers"
_ALL = ["organization:write", "members:read", "members:write", "platforms:read", "platforms:write"]
_ALL += ["credentials:write", "clients:read", "clients:write", "audit:read"]
_VIEWER = ["members:read", "platforms:read", "clients:read"]
_ORGANIZATION = {
    "id": ORGANIZATION,
    "name": _NAME,
    "role": "administrator",
    "permissions": _ALL,
    "created_at": EARLIER,
}
_BOB = {
    "user_id": BOB,
    "email": "bob@broker.example",
    "name": "Bob",
    "role": "viewer",
    "permissions": _VIEWER,
    "limits": {"platforms": None},
    "joined_at": NOW,
}
_GRANT = {"role": "viewer", "permissions": ["audit:read"]}
_INVITATION = {
    "id": INVITATION,
    "email": "grace@broker.example",
    "role": "viewer",
    "permissions": [*_VIEWER, "audit:read"],
    "limits": {"platforms": None},
    "status": "pending",
    "expires_at": "2026-03-23T14:05:00Z",
}
_RENAMED = {"name": "North Sea Markets"}
_EVENT = {
    "id": "organizations-1-7",
    "source": "/organizations/1",
    "specversion": "1.0",
    "type": "tradehall.organizations.OrgRenamed.v1",
    "subject": ORGANIZATION,
    "time": NOW,
    "datacontenttype": "application/json",
    "dataschema": "urn:tradehall:schema:tradehall.organizations.OrgRenamed.v1",
    "sequence": 7,
    "version": 2,
    "organization": ORGANIZATION,
    "actor": ADA,
    "correlationid": REQUEST,
    "data": {"organization_id": ORGANIZATION, "from": _NAME, "to": _RENAMED["name"]},
}

EXAMPLES = {
    "list_organizations": Example(page(_ORGANIZATION)),
    "create_organization": Example(_ORGANIZATION, {"name": _NAME}),
    "get_organization": Example(_ORGANIZATION),
    "change_organization": Example({**_ORGANIZATION, **_RENAMED}, _RENAMED),
    "delete_organization": Example(),
    "restore_organization": Example(_ORGANIZATION),
    "list_members": Example(page(_BOB)),
    "change_member": Example({**_BOB, "permissions": [*_VIEWER, "audit:read"]}, _GRANT),
    "remove_member": Example(),
    "list_invitations": Example(page(_INVITATION)),
    "create_invitation": Example(_INVITATION, {"email": "grace@broker.example", **_GRANT}),
    "resend_invitation": Example(_INVITATION),
    "revoke_invitation": Example(),
    "get_invitation": Example(
        {
            "organization": _NAME,
            "invited_by": "Ada",
            "email": "grace@broker.example",
            "status": "pending",
            "expires_at": _INVITATION["expires_at"],
        }
    ),
    "accept_invitation": Example({"organization_id": ORGANIZATION, **_BOB}),
    "decline_invitation": Example(),
    "list_audit": Example(
        page(
            {
                "id": CHANGE,
                "time": NOW,
                "actor": ADA,
                "type": "OrgRenamed",
                "target": ORGANIZATION,
                "summary": f"Renamed the organization from {_NAME} to {_RENAMED['name']}",
                "before": {"name": _NAME},
                "after": _RENAMED,
                "request_id": REQUEST,
            }
        )
    ),
    "list_events": Example({"items": [_EVENT], "next_cursor": None, "position": 7}, query={"after": 0}),
}
