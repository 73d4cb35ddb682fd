"""All texts of the portal, from one catalogue."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.permissions import ROLES

_FILE = Path(__file__).with_name("texts.toml")


class Texts:
    """`texts("clients.changed", name="x")`: the text of that name with its values. KeyError for an unknown one."""

    def __init__(self) -> None:
        self._texts = dict(_flat(tomllib.loads(_FILE.read_text(encoding="utf-8")), ""))

    def __call__(self, text: str, /, **values: Any) -> str:
        return self._texts[text].format(**values) if values else self._texts[text]

    def __contains__(self, text: str) -> bool:
        return text in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def or_else(self, text: str, otherwise: str) -> str:
        """For what the interface may name before the catalogue does."""
        return self._texts.get(text, otherwise)

    def counted(self, text: str, count: int) -> str:
        """`text.one` or `text.many`."""
        return self(f"{text}.{'one' if count == 1 else 'many'}", count=count)


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def extra_permissions(role: str | None, effective: list[str]) -> list[str]:
    """What somebody may do beside their role."""
    held = {str(each) for each in ROLES.get(role, ())} if role else set()
    return [each for each in effective if each not in held]
