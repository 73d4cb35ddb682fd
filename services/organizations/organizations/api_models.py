"""Bodies and answers of the routes of organizations."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from contracts.permissions import Grant
from kit.http.fields import Body, Name
from organizations.grants import ShownPermissions, ShownRole, effective
from organizations.organizations.views import OrganizationRow, OwnOrganization

_NAME = "Name of the organization, 1 to 100 characters on one line."


class OrganizationCreation(Body):
    """An organization to create."""

    name: Name = Field(description=_NAME, examples=["North Sea Brokers"])


class OrganizationChange(Body):
    """Changes of an organization. Fields that are left out keep their values."""

    # A factory, because a default would be shown in the document.
    name: Name = Field(default_factory=str, description=_NAME, examples=["North Sea Markets"])


class OrganizationAnswer(BaseModel):
    """An organization, and what the caller may do in it. A client has no role; its permissions are its scopes."""

    id: UUID = Field(description="Id of the organization.", examples=["5b0e6c1a-3f0d-5d0c-9d43-0a6a4c9e7d11"])
    name: str = Field(description="Name of the organization.", examples=["North Sea Brokers"])
    role: ShownRole
    permissions: ShownPermissions
    created_at: AwareDatetime = Field(
        description="Time of creation (RFC 3339, UTC).", examples=["2026-03-02T09:30:00Z"]
    )

    @classmethod
    def of(cls, row: OrganizationRow | OwnOrganization, grant: Grant, *, client: bool = False) -> "OrganizationAnswer":
        permissions = list(grant.permissions) if client else effective(grant)
        return cls(id=row.id, name=row.name, role=grant.role, permissions=permissions, created_at=row.created_at)
