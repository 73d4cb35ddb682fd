"""A request at an OAuth endpoint as Authlib's core wants to see it, and how the client in it says who it is."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request

from identity.oauth.authorize.checks import Authorization
from identity.oauth.errors import InvalidClient
from identity.oauth.known_clients import OrganizationClient
from identity.oauth.parameters import Pairs, Parameters
from kit.security.tokens import Token

Method = Literal["client_secret_basic", "client_secret_post", "none"]


@dataclass(frozen=True)
class Credentials:
    """How a client says who it is; `secret` is None for the method `none`."""

    client_id: str
    secret: str | None = field(repr=False)
    method: Method


class Request(OAuth2Request):  # type: ignore[misc]
    """One request at an OAuth endpoint."""

    payload: Parameters

    def __init__(
        self, method: str, pairs: Pairs, headers: Mapping[str, str], address: Callable[[], str] = lambda: ""
    ) -> None:
        # Whether TLS is spoken is the gateway's matter; Authlib looks at the address only to refuse plain http.
        super().__init__(method, "https://issuer", headers=headers)
        self.payload = Parameters(pairs)
        self.address = address  # the caller's
        self.authorization: Authorization | None = None
        self.organization_client: OrganizationClient | None = None
        self.access_token: Token | None = None  # one that is presented to be revoked

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data

    @cached_property
    def credentials(self) -> Credentials:
        """Raises InvalidClient where there are none; InvalidRequestError for two kinds at once (RFC 6749 2.3)."""
        given = self.payload.data
        authorization = self.headers.get("authorization")
        if authorization is None:
            if "client_id" not in given:
                raise InvalidClient("The client does not say who it is.")
            secret = given.get("client_secret")
            return Credentials(given["client_id"], secret, "none" if secret is None else "client_secret_post")
        if "client_secret" in given:
            raise InvalidRequestError("The client authenticates in two ways at once.")
        basic = _basic(authorization)
        if given.get("client_id", basic.client_id) != basic.client_id:
            raise InvalidRequestError("The client_id in the body is not the one of the Authorization header.")
        return basic


def _basic(authorization: str) -> Credentials:
    """RFC 6749 2.3.1: id and secret are form-encoded before RFC 7617 joins them."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("The Authorization header is not of the Basic scheme.")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise InvalidClient("The Authorization header cannot be read.") from error
    if not colon or not client_id or not secret:
        raise InvalidClient("The Authorization header lacks the client's id or secret.")
    return Credentials(unquote_plus(client_id), unquote_plus(secret), "client_secret_basic")
