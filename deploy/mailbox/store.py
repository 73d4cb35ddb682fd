"""Mails as files, one `<id>.eml` each, so that yesterday's are still there."""

import os
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from itertools import islice
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mail:
    """One mail as stored; `id` grows with the time of arrival."""

    id: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, policy=default)

    @property
    def received(self) -> datetime:
        """When it arrived."""
        return datetime.fromtimestamp(int(self.id.split("-")[0]) / 1e9, UTC)


class Store:
    """The mails of a folder, and what lists show of them in memory; safe between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._last = 0
        self._summaries = {
            path.stem: summary(Mail(path.stem, path.read_bytes())) for path in sorted(folder.glob("*.eml"))
        }

    def add(self, raw: bytes, recipients: Sequence[str]) -> str:
        """Keeps a mail with its envelope's recipients in `Delivered-To`; its id, once it is on disk."""
        envelope = "".join(f"Delivered-To: {recipient}\r\n" for recipient in recipients).encode()
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            mail = Mail(f"{self._last:020d}-{secrets.token_hex(4)}", envelope + raw)
            _write(self._folder / f"{mail.id}.eml", mail.raw)
            self._summaries[mail.id] = summary(mail)
        return mail.id

    def newest(self, start: int, limit: int) -> list[dict[str, Any]]:
        """Summaries, newest first."""
        with self._lock:
            return list(islice(reversed(self._summaries.values()), start, start + limit))

    def count(self) -> int:
        """How many mails there are."""
        with self._lock:
            return len(self._summaries)

    def get(self, identifier: str) -> Mail | None:
        """The mail of that id, or `latest`; None when there is none."""
        with self._lock:
            if identifier == "latest":
                identifier = next(reversed(self._summaries), "")
            if identifier not in self._summaries:
                return None
        return Mail(identifier, (self._folder / f"{identifier}.eml").read_bytes())


def summary(mail: Mail) -> dict[str, Any]:
    """What Mailpit's list says of a mail."""
    message = mail.message
    return {
        "ID": mail.id,
        "MessageID": str(message["Message-ID"] or "").strip("<>"),
        "From": next(iter(_addresses(message, "From")), {"Name": "", "Address": ""}),
        "To": _addresses(message, "To"),
        "Cc": _addresses(message, "Cc"),
        "Subject": str(message["Subject"] or ""),
        "Created": mail.received.isoformat().replace("+00:00", "Z"),
        "Size": len(mail.raw),
        "Snippet": " ".join(body(message, "plain").split())[:250],
    }


def whole(mail: Mail) -> dict[str, Any]:
    """What Mailpit answers for one mail."""
    message = mail.message
    shown = summary(mail)
    del shown["Snippet"], shown["Created"]
    return {
        **shown,
        "Date": mail.received.isoformat().replace("+00:00", "Z"),
        "Text": body(message, "plain"),
        "HTML": body(message, "html"),
    }


def body(message: EmailMessage, kind: str) -> str:
    """The mail's text of that kind (`plain` or `html`), empty when it has none."""
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown or a wrong charset
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _addresses(message: EmailMessage, header: str) -> list[dict[str, str]]:
    addresses: Sequence[Address] = getattr(message[header], "addresses", ())
    return [{"Name": each.display_name, "Address": each.addr_spec} for each in addresses]


def _write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, because the sender receives an acknowledgement."""
    unfinished = path.with_suffix(".new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
