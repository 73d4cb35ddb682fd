"""Settings of this service: what every service needs, and where its checks may lead."""

from typing import Literal

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """`private_networks`: whether trade platforms may have private, loopback and link-local addresses."""

    private_networks: Literal["refused", "allowed"] = "refused"
