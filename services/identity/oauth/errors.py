"""The error answers of RFC 6749, RFC 6750 and OpenID Connect Core that Authlib's core lacks or gives otherwise."""

from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Error

CHALLENGE = 'Basic realm="tradehall"'


class InvalidClient(InvalidClientError):  # type: ignore[misc]
    """RFC 6749 5.2: always 401, so that every client learns the same whichever way it used."""

    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        return [*OAuth2Error.get_headers(self), ("WWW-Authenticate", CHALLENGE)]


class LoginRequired(OAuth2Error):  # type: ignore[misc]
    """OpenID Connect Core 3.1.2.6: nobody is signed in, and no page may be shown."""

    error = "login_required"


class InteractionRequired(OAuth2Error):  # type: ignore[misc]
    """OpenID Connect Core 3.1.2.6: something else must be done first, and no page may be shown."""

    error = "interaction_required"


class RequestNotSupported(OAuth2Error):  # type: ignore[misc]
    error = "request_not_supported"


class RequestUriNotSupported(OAuth2Error):  # type: ignore[misc]
    error = "request_uri_not_supported"


class RegistrationNotSupported(OAuth2Error):  # type: ignore[misc]
    error = "registration_not_supported"


class PageNeeded(Exception):
    """Not an error: the person must visit a page of ours first. `location` is its path, with the way back."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location
