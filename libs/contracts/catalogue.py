"""Every event there is, by its CloudEvents type."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from contracts import identity, notifications, organizations, platforms
from contracts.event import Event


def _events(module: ModuleType) -> Iterator[type[Event]]:
    """The module's event classes, without the bases that hold what several share."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Event) and not value.__subclasses__():
            yield value


EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        event.event_type(): event
        for module in (identity, organizations, platforms, notifications)
        for event in _events(module)
    }
)
