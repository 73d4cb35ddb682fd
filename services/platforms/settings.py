"""Settings of this service: what every service needs, and where its checks may lead."""

from typing import Literal

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Of platforms: which addresses trade platforms may have."""

    private_networks: Literal["refused", "allowed"] = "refused"
    """`allowed` lets trade platforms have private, loopback and link-local addresses."""
