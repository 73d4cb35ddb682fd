"""The cookie by which a browser is known again."""

from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import Response

from identity.devices.service import REMEMBERED, Devices


class DeviceCookie:
    """It stays after signing out, and gives no access."""

    def __init__(self, devices: Devices, *, secure: bool) -> None:
        self._devices = devices
        self._secure = secure
        self.name = "__Host-tradehall-device" if secure else "tradehall-device"

    def device_of(self, request: Request) -> UUID:
        """The browser of a request; a new id if it has no valid cookie."""
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
