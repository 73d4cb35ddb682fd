"""The account that PostgreSQL runs under if this process is root; PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """An account of this machine: its user and group id."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """The account for servers that refuse root: `postgres`, or else `nobody`. None if this process is not root."""
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
    """The owner of an existing path if this process is root and the owner is not; otherwise None."""
    if os.geteuid() != 0 or not path.exists() or path.stat().st_uid == 0:
        return None
    status = path.stat()
    return Account(str(status.st_uid), status.st_uid, status.st_gid)


def run_as(account: Account | None, argv: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run a short command under the account and capture its output. Raises OSError if it cannot be started."""
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
    """Whether the account can enter the folder and write there; the kernel decides, in a process of that account."""
    script = 'test -x "$1" && test -w "$1"'
    return run_as(account, ["/bin/sh", "-c", script, "sh", str(folder)]).returncode == 0
