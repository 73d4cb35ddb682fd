"""The settings of the portal."""

from pydantic import SecretStr

from kit.settings import HttpSettings


class Settings(HttpSettings):
    """`portal_secret`: the client secret of `tradehall-portal`; identity has the same.
    `internal_url`: the URL of the gateway inside the installation, where the public URL is not reachable from here."""

    portal_secret: SecretStr
    internal_url: str = ""

    @property
    def back_channel(self) -> str:
        return self.internal_url.rstrip("/") or self.public_url
