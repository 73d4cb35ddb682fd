"""The settings of each service, from its own Settings class.

Every way of running takes them from here: the local runner and the operator's program make environments of them,
docker-compose.yml is checked against them, and `python -m deploy.settings_table` documents them.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from identity.settings import Settings as IdentitySettings
from kit.settings import PREFIX, HttpSettings, ServiceSettings
from notifications.settings import Settings as NotificationsSettings
from platforms.settings import Settings as PlatformsSettings
from portal.settings import Settings as PortalSettings

SETTINGS: Mapping[str, type[HttpSettings]] = MappingProxyType(
    {
        "identity": IdentitySettings,
        "organizations": ServiceSettings,
        "platforms": PlatformsSettings,
        "notifications": NotificationsSettings,
        "portal": PortalSettings,
    }
)
SERVICES = tuple(SETTINGS)
ON_THE_BUS = tuple(name for name, settings in SETTINGS.items() if issubclass(settings, ServiceSettings))
_SECRETS = MappingProxyType(
    {
        "postgres_dsn": "{service}-dsn",
        "master_key": "{service}-master-key",
        "nats_password": "{service}-nats",
        "portal_secret": "portal-client",
    }
)
"""Settings that every installation keeps in files of its folder of secrets, and the names of the files."""


def is_known(service: str, variable: str) -> bool:
    """Whether a variable, such as TRADEHALL_NATS_URL or TRADEHALL_MASTER_KEY_FILE, is a setting of a service."""
    return variable.removesuffix("_FILE") in SETTINGS[service].variables()


def known(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without Tradehall's variables that are no settings of this service."""
    return {
        name: value for name, value in environment.items() if not name.startswith(PREFIX) or is_known(service, name)
    }


def secrets_of(service: str) -> Mapping[str, str]:
    """The files of secrets that a service reads, by the variable that names each."""
    fields = SETTINGS[service].model_fields
    return {
        f"{PREFIX}{name.upper()}_FILE": file.format(service=service)
        for name, file in _SECRETS.items()
        if name in fields
    }


def secret_paths(service: str, folder: Path) -> dict[str, str]:
    """The variables that name a service's secrets in this folder."""
    return {variable: str(folder / file) for variable, file in secrets_of(service).items()}
