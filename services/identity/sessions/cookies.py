"""The cookie of a session."""

from fastapi import Request
from fastapi.responses import Response

from identity.sessions.service import Session, Sessions


class SessionCookie:
    """`__Host-tradehall` over TLS. Without TLS browsers refuse such a name, so it is `tradehall` there."""

    def __init__(self, sessions: Sessions, *, secure: bool) -> None:
        self._sessions = sessions
        self._secure = secure
        self.name = "__Host-tradehall" if secure else "tradehall"

    def session_of(self, request: Request) -> Session | None:
        """The session of the browser's cookie, from the database."""
        value = request.cookies.get(self.name)
        return None if value is None else self._sessions.find(value)

    def give(self, response: Response, value: str) -> None:
        response.set_cookie(self.name, value, httponly=True, secure=self._secure, samesite="lax")

    def take_away(self, response: Response) -> None:
        response.delete_cookie(self.name, httponly=True, secure=self._secure, samesite="lax")
