"""Types of fields that several events and requests have, with their descriptions."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

UserId = Annotated[UUID, Field(description="Id of the user.")]
OrganizationId = Annotated[UUID, Field(description="Id of the organization.")]
OrganizationName = Annotated[str, Field(description="Name of the organization at that time.")]
InvitationId = Annotated[UUID, Field(description="Id of the invitation.")]
PlatformId = Annotated[UUID, Field(description="Id of the trade platform.")]
SessionId = Annotated[UUID, Field(description="Id of the session; the claim `sid` of its tokens.")]
SecretId = Annotated[UUID, Field(description="Id of the secret, which is no secret itself.")]
Role = Annotated[str | None, Field(description="`administrator`, `manager`, `viewer`, or null for no role.")]
Permissions = Annotated[tuple[str, ...], Field(description="Permissions in addition to those of the role.")]
Scopes = Annotated[tuple[str, ...], Field(description="Scopes of the client, such as `accounts:read`.")]
Email = Annotated[str, Field(description="The e-mail address as typed.")]
ErasableEmail = Annotated[str | None, Field(description="The e-mail address as typed; null once erased.")]
ErasableName = Annotated[str | None, Field(description="Name of the user; null if they gave none, or once erased.")]
LinkGeneration = Annotated[int, Field(description="Number of the link; only the newest one is valid.")]
