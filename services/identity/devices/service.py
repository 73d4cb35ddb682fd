"""Browsers that users signed in with before, recognized by a signed cookie, and their names."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from kit.db.database import Database
from kit.security.keys import keyed_hash, same

KEY = "devices"
REMEMBERED = timedelta(days=400)
"""After the last sign-in; browsers keep no cookie longer (RFC 6265bis 5.5)."""
_MOST = 50  # browsers of one person
_PREFIX = "thd_"
_SIGNATURE = 12  # bytes


class Devices:
    """A device is a browser with our cookie. The cookie alone gives no access."""

    def __init__(self, database: Database, key: bytes, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def cookie(self, device: UUID) -> str:
        """The cookie value of a device."""
        return _PREFIX + base64.urlsafe_b64encode(device.bytes + self._signature(device)).decode().rstrip("=")

    def read(self, cookie: str) -> UUID | None:
        """The device of a cookie that this installation made, else None."""
        try:
            plain = base64.urlsafe_b64decode(cookie.removeprefix(_PREFIX)[:50] + "==")[:16]
            device = UUID(bytes=plain)
        except (binascii.Error, ValueError):
            return None
        return device if same(cookie, self.cookie(device)) else None

    def is_known_by(self, device: UUID, email_hash: bytes) -> bool:
        """Whether the user with this keyed hash of an address signed in with the device before. One query, whether or
        not the address is known."""
        known = (
            "SELECT 1 AS one FROM devices JOIN people ON people.id = user_id WHERE device_id = %s AND email_hash = %s"
        )
        return self._database.one(known, (device, email_hash)) is not None

    def note(self, device: UUID, user_id: UUID) -> None:
        """The user has signed in with the device."""
        now = self._clock()
        self._database.later(
            "INSERT INTO devices VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (user_id, device_id) DO UPDATE SET last_at = EXCLUDED.last_at",
            (user_id, device, now, now),
        )
        self._database.later(
            "DELETE FROM devices WHERE user_id = %s AND device_id IN "
            "(SELECT device_id FROM devices WHERE user_id = %s ORDER BY last_at DESC, device_id OFFSET %s)",
            (user_id, user_id, _MOST),
        )

    def forget(self, user_id: UUID, *, except_devices: tuple[UUID | None, ...] = ()) -> int:
        """Forget the devices of a user, since a new password ends the trust in them; returns how many there were."""
        kept = [device for device in except_devices if device is not None]
        forget = "DELETE FROM devices WHERE user_id = %s AND device_id <> ALL(%s)"
        return self._database.execute(forget, (user_id, kept))

    def delete_expired(self) -> None:
        self._database.execute("DELETE FROM devices WHERE last_at < %s", (self._clock() - REMEMBERED,))

    def _signature(self, device: UUID) -> bytes:
        return keyed_hash(self._key, "device", str(device))[:_SIGNATURE]


# The first that is found counts: a browser names its ancestors, too.
_PROGRAMS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\b(?:OPR|Opera)\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bVersion/\S+.*\bSafari/"),
    ("curl", r"^curl/"),
    ("A Python program", r"^python|^aiohttp"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


def device_name(user_agent: str | None) -> str | None:
    """A short name for a User-Agent, such as "Firefox on Linux"; None if nothing in it is known."""
    program, system = (_first(names, user_agent or "") for names in (_PROGRAMS, _SYSTEMS))
    if program and system:
        return f"{program} on {system}"
    return program or (f"A browser on {system}" if system else None)


def _first(names: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for name, pattern in names if re.search(pattern, text, re.IGNORECASE)), None)
