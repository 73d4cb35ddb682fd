"""The settings of the identity service."""

from typing import Self

from pydantic import SecretStr, field_validator

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """`registration`: "open", "invited", or a comma list of e-mail domains that may register.
    `first_operator`: whether the first person who registers becomes operator.
    `portal_secret`: the secret of the portal's client, where there is a portal."""

    registration: str = "open"
    first_operator: bool = False
    portal_secret: SecretStr | None = None
