"""What a reader with limits is shown of changes that name platforms."""

from collections.abc import Collection
from typing import Any
from uuid import UUID


def narrowed(told: Any, platforms: Collection[UUID] | None) -> Any:
    """The JSON of a change, in which limits name none but these platforms; as it is where `platforms` is None."""
    return told if platforms is None else _narrowed(told, {str(platform) for platform in platforms})


def _narrowed(told: Any, platforms: set[str]) -> Any:
    if isinstance(told, list):
        return [_narrowed(one, platforms) for one in told]
    if not isinstance(told, dict):
        return told
    return {
        key: _of_limits(value, platforms) if key == "limits" else _narrowed(value, platforms)
        for key, value in told.items()
    }


def _of_limits(limits: dict[str, Any], platforms: set[str]) -> dict[str, Any]:
    named = limits.get("platforms")
    return {**limits, "platforms": named and [platform for platform in named if platform in platforms]}
