"""The registry of connectors, one folder each. A folder without a `CONNECTOR` contains code that connectors share."""

import pkgutil
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module

from platforms.connections.connector import Connector
from platforms.platforms.domain import NO_API, ApiNotChosen, ConnectorMissing, Target


class Connectors:
    """Installed connectors in the order in which users see them. Raises TypeError for two in the same place."""

    def __init__(self, connectors: Iterable[Connector]) -> None:
        self.all: Sequence[Connector] = sorted(connectors, key=lambda one: (one.kind, one.target, one.rank, one.name))
        self._apis = {one.name: one for one in self.all if one.target == "api"}
        self._databases = {one.kind: one for one in self.all if one.target == "db"}
        if len(self._apis) + len(self._databases) != len(self.all):
            raise TypeError("two connectors have the same name, or are report databases of the same kind")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of platform."""
        return tuple(dict.fromkeys(one.kind for one in self.all))

    def apis(self, kind: str | None = None) -> tuple[str, ...]:
        """The values of a platform's `api`; those that fit a kind, or all."""
        return (NO_API, *(one.name for one in self._apis.values() if kind in (None, one.kind)))

    def of_target(self, target: Target) -> Sequence[Connector]:
        return [one for one in self.all if one.target == target]

    def api(self, name: str) -> Connector | None:
        """The connector of an API; None for `none` and for one that is not installed."""
        return self._apis.get(name)

    def find(self, target: Target, kind: str, api: str) -> Connector | None:
        """The connector by which a platform is reached; None where there is none."""
        return self._apis.get(api) if target == "api" else self._databases.get(kind)

    def get(self, target: Target, kind: str, api: str) -> Connector:
        """As `find`; raises ApiNotChosen, ConnectorMissing."""
        found = self.find(target, kind, api)
        if found is None:
            raise ApiNotChosen if target == "api" and api == NO_API else ConnectorMissing
        return found


@cache
def installed() -> Connectors:
    """The connectors in this folder, found once in a process."""
    packages = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__) if found.ispkg]
    return Connectors(
        found for package in packages if isinstance(found := getattr(package, "CONNECTOR", None), Connector)
    )
