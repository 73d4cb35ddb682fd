"""Changes as a reader with limits sees them: limits in them name no other platforms."""

from collections.abc import Collection
from typing import Any
from uuid import UUID


def redacted(change: Any, platforms: Collection[UUID] | None) -> Any:
    """The JSON of a change, in which limits name none but these platforms; as it is where `platforms` is None."""
    return change if platforms is None else _redacted(change, {str(platform) for platform in platforms})


def _redacted(change: Any, platforms: set[str]) -> Any:
    if isinstance(change, list):
        return [_redacted(one, platforms) for one in change]
    if not isinstance(change, dict):
        return change
    return {
        key: _of_limits(value, platforms) if key == "limits" else _redacted(value, platforms)
        for key, value in change.items()
    }


def _of_limits(limits: dict[str, Any], platforms: set[str]) -> dict[str, Any]:
    named = limits.get("platforms")
    return {**limits, "platforms": named and [platform for platform in named if platform in platforms]}
