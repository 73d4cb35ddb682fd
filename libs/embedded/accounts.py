"""The account PostgreSQL runs under when we are root, which PostgreSQL itself refuses to be."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A user of this machine by numbers."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """The account for servers that refuse root: `postgres` or else `nobody`; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    return Account("65534", 65534, 65534)


def account_of(path: Path) -> Account | None:
    """The account that owns an existing path, when we are root and it is not root's; else None."""
    if os.geteuid() != 0 or not path.exists() or path.stat().st_uid == 0:
        return None
    status = path.stat()
    return Account(str(status.st_uid), status.st_uid, status.st_gid)


def run_as(account: Account | None, argv: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Runs a short command under the account, output captured; raises OSError when it cannot even start."""
    return subprocess.run(  # noqa: S603 - our own programs
        argv,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        text=True,
        errors="replace",
        capture_output=True,
    )


def can_write(account: Account | None, folder: Path) -> bool:
    """True when the account can enter the folder and write there, asked of the kernel, as that account."""
    script = 'test -x "$1" && test -w "$1"'
    return run_as(account, ["/bin/sh", "-c", script, "sh", str(folder)]).returncode == 0
