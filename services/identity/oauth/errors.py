"""The errors of OAuth 2.0 and OpenID Connect, each with its code and status, and how a program receives them."""

import re
from typing import ClassVar

from starlette.responses import JSONResponse

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""Headers of every answer that holds a token or an error (RFC 6749 5.1, 5.2)."""
_DESCRIPTION = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 5.2


class ProtocolError(Exception):
    """An error that the protocol defines; `description` is for the developer of the client, in ASCII."""

    error: ClassVar[str]
    status: ClassVar[int] = 400
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, description: str) -> None:
        assert _DESCRIPTION.fullmatch(description), "RFC 6749 allows neither quotation marks nor backslashes"
        super().__init__(description)
        self.description = description

    @property
    def parameters(self) -> dict[str, str]:
        """As a JSON body (RFC 6749 5.2) or in a redirect (RFC 6749 4.1.2.1)."""
        return {"error": self.error, "error_description": self.description}

    def response(self) -> JSONResponse:
        """The answer to a program."""
        return JSONResponse(self.parameters, self.status, {**NOT_STORED, **self.headers})


class InvalidRequest(ProtocolError):
    error = "invalid_request"


class InvalidClient(ProtocolError):
    """RFC 6749 5.2: always 401, so that a client learns the same whichever method it used."""

    error = "invalid_client"
    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Basic realm="tradehall"'}


class InvalidGrant(ProtocolError):
    error = "invalid_grant"


class UnauthorizedClient(ProtocolError):
    error = "unauthorized_client"


class UnsupportedGrantType(ProtocolError):
    error = "unsupported_grant_type"


class UnsupportedResponseType(ProtocolError):
    error = "unsupported_response_type"


class InvalidScope(ProtocolError):
    error = "invalid_scope"


class LoginRequired(ProtocolError):
    """OpenID Connect Core 3.1.2.6: the user must sign in, and no page may be shown."""

    error = "login_required"


class InteractionRequired(ProtocolError):
    """OpenID Connect Core 3.1.2.6: the user must do something else first, and no page may be shown."""

    error = "interaction_required"


class RequestNotSupported(ProtocolError):
    """OpenID Connect Core 6.1."""

    error = "request_not_supported"


class RequestUriNotSupported(ProtocolError):
    """OpenID Connect Core 6.2."""

    error = "request_uri_not_supported"


class RegistrationNotSupported(ProtocolError):
    """OpenID Connect Core 7.2.1."""

    error = "registration_not_supported"


class PageNeeded(Exception):
    """Not an error: the user must visit one of our pages first. `location` is its path, with the way back."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location
