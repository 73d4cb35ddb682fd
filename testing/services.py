"""The services on the bus by name, for tests that look inside a whole system."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

from identity.service import IdentityService
from notifications.service import NotificationsService
from organizations.service import OrganizationsService
from platforms.service import PlatformsService
from runtime.application import constructed
from runtime.definition import Service

SERVICES: Mapping[str, type[Service[Any]]] = MappingProxyType(
    {
        service.name: service
        for service in (IdentityService, OrganizationsService, PlatformsService, NotificationsService)
    }
)


def inside(name: str, environment: Mapping[str, str]) -> AbstractContextManager[Service[Any]]:
    """The service with these settings, beside the running one."""
    return constructed(SERVICES[name], SERVICES[name].load_settings(environment))
