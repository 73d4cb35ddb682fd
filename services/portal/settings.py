"""The settings of the portal."""

from pydantic import SecretStr

from kit.settings import HttpSettings


class Settings(HttpSettings):
    """`portal_secret`: of the client `tradehall-portal`; identity is given the same.
    `internal_url`: where the portal itself reaches the gateway, when not by the public address."""

    portal_secret: SecretStr
    internal_url: str = ""

    @property
    def back_channel(self) -> str:
        return self.internal_url.rstrip("/") or self.public_url
