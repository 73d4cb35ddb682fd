"""The feed's own reading of the bus: every event of another service that names an organization, as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.envelope import Attributes, MalformedEvent, ParsedMessage, parse_attributes
from organizations.feed.views import ForeignEvents


@dataclass(frozen=True)
class RawMessage:
    """A message whose content is not read: `data` is all of it, as it came."""

    attributes: Attributes
    data: bytes


def parse(payload: bytes) -> ParsedMessage[RawMessage]:
    """For the inbox. Events and fields that only a newer version knows are kept like all others."""
    try:
        attributes = parse_attributes(payload)
    except MalformedEvent as malformed:
        return ParsedMessage(malformed.attributes, error=malformed)
    return ParsedMessage(attributes, RawMessage(attributes, payload))


def handlers(foreign: ForeignEvents) -> Mapping[type, Callable[[RawMessage], None]]:
    """By the type of `RawMessage.data`: one handler for all events."""
    return {bytes: lambda message: foreign.add(message.attributes, message.data)}
