"""The settings of the portal."""

from pydantic import SecretStr

from kit.settings import HttpSettings


class Settings(HttpSettings):
    """Of the portal: its client, and its way to the gateway."""

    portal_secret: SecretStr
    """Secret of the client `tradehall-portal`; identity and the portal read the same."""
    internal_url: str = ""
    """Address by which the portal itself reaches the gateway, if not by the public one."""

    @property
    def back_channel(self) -> str:
        return self.internal_url.rstrip("/") or self.public_url
