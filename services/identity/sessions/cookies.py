"""The cookies of a browser: the session's, and the one by which the browser itself is known again."""

from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import Response

from identity.sessions.service import Session, Sessions
from identity.sign_in.devices import REMEMBERED, Devices


class SessionCookie:
    """`__Host-tradehall` over TLS; without TLS a browser takes no such cookie, so it is `tradehall` there."""

    def __init__(self, sessions: Sessions, *, secure: bool) -> None:
        self._sessions = sessions
        self._secure = secure
        self.name = "__Host-tradehall" if secure else "tradehall"

    def session_of(self, request: Request) -> Session | None:
        """Who is signed in in this browser; asks the database."""
        value = request.cookies.get(self.name)
        return None if value is None else self._sessions.find(value)

    def give(self, response: Response, value: str) -> None:
        response.set_cookie(self.name, value, httponly=True, secure=self._secure, samesite="lax")

    def take_away(self, response: Response) -> None:
        response.delete_cookie(self.name, httponly=True, secure=self._secure, samesite="lax")


class DeviceCookie:
    """It stays when somebody signs out, and opens nothing."""

    def __init__(self, devices: Devices, *, secure: bool) -> None:
        self._devices = devices
        self._secure = secure
        self.name = "__Host-tradehall-device" if secure else "tradehall-device"

    def device_of(self, request: Request) -> UUID:
        """The browser that asks; a new one where it has no cookie of ours."""
        return self._devices.read(request.cookies.get(self.name, "")) or uuid4()

    def give(self, response: Response, device: UUID) -> None:
        response.set_cookie(
            self.name,
            self._devices.cookie(device),
            max_age=int(REMEMBERED.total_seconds()),
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )
