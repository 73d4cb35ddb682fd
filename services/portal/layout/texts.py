"""The text catalogue: the texts.toml files of all subjects, merged."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_SUBJECTS = Path(__file__).parents[1]


class Texts:
    """`texts("clients.changed", name="x")` gives the text of that name with its values.

    Reads `<subject>/texts.toml` below `folder`, by default of all subjects of the portal. A name that two files
    define raises ValueError; a name that none defines raises KeyError, which says where to add it, when it is used.
    """

    def __init__(self, folder: Path = _SUBJECTS) -> None:
        self._texts: dict[str, str] = {}
        self._subjects: dict[str, str] = {}  # the first part of a name, and the one subject that defines such names
        for file in sorted(folder.glob("*/texts.toml")):
            for name, text in _flat(tomllib.loads(file.read_text(encoding="utf-8")), ""):
                if name in self._texts:
                    raise ValueError(f"{file.parent.name}/texts.toml defines {name}, which another file defines")
                self._texts[name] = text
                first = name.partition(".")[0]
                known = self._subjects.setdefault(first, file.parent.name)
                if known != file.parent.name:
                    self._subjects[first] = "<subject>"

    def __call__(self, name: str, /, **values: Any) -> str:
        text = self._texts.get(name)
        if text is None:
            subject = self._subjects.get(name.partition(".")[0], "<subject>")
            raise KeyError(f"add {name} to services/portal/{subject}/texts.toml")
        return text.format(**values) if values else text

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def or_else(self, name: str, otherwise: str) -> str:
        """For codes that the API may have before the catalogue has a text for them."""
        return self._texts.get(name, otherwise)

    def counted(self, name: str, count: int) -> str:
        """`name.one` or `name.many`."""
        return self(f"{name}.{'one' if count == 1 else 'many'}", count=count)


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
