"""A client acts for itself (RFC 6749 4.4): in memory, with neither row nor thread."""

from authlib.oauth2.rfc6749 import InvalidScopeError, UnauthorizedClientError

from identity.oauth.known_clients import KnownClient

GRANT_TYPE = "client_credentials"
METHODS = ("client_secret_basic", "client_secret_post")


def granted_scope(client: KnownClient, wanted: str | None) -> str:
    """What the token will be good for (3.3). Raises UnauthorizedClientError for a client in which people sign
    in, InvalidScopeError for a scope beyond what the client was granted."""
    if not client.check_grant_type(GRANT_TYPE):
        raise UnauthorizedClientError("The client may not use this grant_type.")
    scope = client.get_allowed_scope(wanted)
    if scope is None:
        raise InvalidScopeError("A scope is not known, or the client was not granted it.")
    return scope
