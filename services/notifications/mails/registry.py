"""All mails, found by their folders: each folder beside this file that has a mail.py defines one as MAIL."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from notifications.mails.definition import Mail


def found(folder: Path, package: str) -> Iterator[Mail[Any]]:
    """The mails in the folder of a package."""
    for file in sorted(folder.glob("*/mail.py")):
        mail = import_module(f"{package}.{file.parent.name}.mail").MAIL
        assert isinstance(mail, Mail)
        yield mail


MAILS: Mapping[str, Mail[Any]] = MappingProxyType(
    {mail.name: mail for mail in found(Path(__file__).parent, "notifications.mails")}
)
"""By name."""
