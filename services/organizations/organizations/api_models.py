"""Bodies and answers of the routes of organizations."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict

from kit.http.fields import Body, Name
from organizations.grants import ShownPermissions, ShownRole
from organizations.organizations.views import OrganizationRow, OwnOrganization

_NAME = "Name of the organization, 1 to 100 characters on one line."


class OrganizationCreation(Body):
    """An organization to create."""

    name: Name = Field(description=_NAME, examples=["North Sea Brokers"])


class OrganizationChange(Body):
    """Changes of an organization. Fields that are left out keep their values."""

    # A factory, because a default would be shown in the document.
    name: Name = Field(default_factory=str, description=_NAME, examples=["North Sea Markets"])


class OrganizationAnswer(TypedDict):
    """An organization, and what the caller may do in it. A client has no role; its permissions are its scopes."""

    # No model, as in `organizations.members.api_models`.

    id: Annotated[UUID, Field(description="Id of the organization.", examples=["5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"])]
    name: Annotated[str, Field(description="Name of the organization.", examples=["North Sea Brokers"])]
    role: ShownRole
    permissions: ShownPermissions
    created_at: Annotated[
        AwareDatetime, Field(description="Time of creation (RFC 3339, UTC).", examples=["2026-03-02T09:30:00Z"])
    ]


def organization_answer(
    row: OrganizationRow | OwnOrganization, role: str | None, permissions: list[str]
) -> OrganizationAnswer:
    return {
        "id": row.id,
        "name": row.name,
        "role": role,
        "permissions": permissions,
        "created_at": row.created_at,
    }
