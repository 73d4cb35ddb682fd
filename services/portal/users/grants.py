"""The role, additional permissions and platform limits that a form grants."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from contracts.permissions import ROLES
from portal.layout.api import Json
from portal.layout.forms import Text, TextList


@dataclass(frozen=True)
class GrantForm:
    """The values of the form. `platforms` are ids; they apply where `limited`."""

    role: str = "viewer"
    permissions: tuple[str, ...] = ()
    limited: bool = False
    platforms: tuple[str, ...] = ()

    @classmethod
    def of(cls, member: Json) -> "GrantForm":
        platforms = member["limits"]["platforms"]
        extra = tuple(extra_permissions(member["role"], member["permissions"]))
        return cls(member["role"] or "none", extra, platforms is not None, tuple(platforms or ()))

    def body(self) -> Json:
        """The grant as the API takes it."""
        return {
            "role": None if self.role == "none" else self.role,
            "permissions": [] if self.role == "administrator" else list(self.permissions),
            "limits": {"platforms": list(self.platforms) if self.limited else None},
        }


def _grant_form(role: Text = "", permissions: TextList = [], limited: Text = "", platforms: TextList = []) -> GrantForm:  # noqa: B006 - FastAPI copies
    return GrantForm(role, tuple(permissions), limited == "yes", tuple(platforms))


Grant = Annotated[GrantForm, Depends(_grant_form)]


def extra_permissions(role: str | None, effective: list[str]) -> list[str]:
    """The effective permissions that the role does not include."""
    included = {str(each) for each in ROLES.get(role, ())} if role else set()
    return [each for each in effective if each not in included]
