"""The authorization server: Authlib's core with our clients, grants, tokens and answers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from authlib.oauth2.rfc6749 import AuthorizationServer as Core
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDToken
from starlette.responses import JSONResponse, Response

from identity.clients.secret_uses import SecretUses
from identity.oauth.authorize.checks import Authorization, SignedIn
from identity.oauth.authorize.codes import Codes
from identity.oauth.authorize.form_post import form_post
from identity.oauth.client_cache import ClientCache
from identity.oauth.errors import InvalidClient
from identity.oauth.id_token_hints import Hints
from identity.oauth.introspect.service import Introspection
from identity.oauth.known_clients import FirstPartyClient, KnownClient, OrganizationClient
from identity.oauth.request import Request
from identity.oauth.revocation_cache import Changes
from identity.oauth.revoke.endpoint import Revocation
from identity.oauth.token import client_credentials
from identity.oauth.token.authorization_code import S256, AuthorizationCodeGrant
from identity.oauth.token.issuing import CLIENT_SECONDS, PERSON_SECONDS, Issuing, SignIn
from identity.oauth.token.jwt import compact_json
from identity.oauth.token.refresh_token import RefreshTokenGrant
from identity.oauth.token.refresh_tokens import Families
from identity.store import IdentityStore
from kit.security.tokens import Verifier

_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 5.1


class Sessions(Protocol):
    """What is asked of the sessions of people."""

    def alive(self, session_id: UUID) -> bool: ...
    def keep(self, session_id: UUID, until: datetime) -> None: ...


class IdToken(OpenIDToken):  # type: ignore[misc]
    """Adds the ID token to the answer where the scope holds openid."""

    def __init__(self, issuing: Issuing) -> None:
        self._issuing = issuing

    def encode_id_token(self, token: dict[str, Any], request: Request) -> str:
        return self._issuing.id_token(request.user, request.client.client_id, token["access_token"])


class Issuer(IssuerParameter):  # type: ignore[misc]
    """RFC 9207: every redirect to a client says who sends it."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        return self._issuer


class Redirect(Response):
    """303, so that a posted form is never repeated at the client (RFC 9700 4.12)."""

    def __init__(self, location: str) -> None:
        super().__init__(status_code=303)
        self.location = location

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @location.setter
    def location(self, value: str) -> None:
        self.headers["Location"] = value


class AuthorizationServer(Core):  # type: ignore[misc]
    """Client credentials are served from memory; the other grants touch rows, in a thread and a transaction."""

    def __init__(
        self,
        store: IdentityStore,
        first_party: Mapping[str, FirstPartyClient],
        organization_clients: ClientCache,
        issuing: Issuing,
        codes: Codes,
        families: Families,
        sessions: Sessions,
        hints: Hints,
        secret_uses: SecretUses,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self.store = store
        self.first_party = first_party
        self.organization_clients = organization_clients
        self.issuing = issuing
        self.codes = codes
        self.families = families
        self.sessions = sessions
        self.hints = hints
        self.secret_uses = secret_uses
        self._clock = clock
        self.register_grant(AuthorizationCodeGrant, [S256(required=True), IdToken(issuing)])
        self.register_grant(RefreshTokenGrant, [IdToken(issuing)])
        self.register_endpoint(Revocation)
        self.register_token_generator("default", self._for_person)
        self.register_extension(lambda server: Issuer(issuing.issuer)(server))

    @property
    def grant_types(self) -> list[str]:
        return sorted([client_credentials.GRANT_TYPE, *(grant.GRANT_TYPE for grant, _ in self._token_grants)])

    def may_redirect(self, client_id: str, redirect_uri: str) -> bool:
        """Whether a client in which people sign in is registered with this address."""
        client = self.first_party.get(client_id)
        return client is not None and client.check_redirect_uri(redirect_uri)

    def authorize(self, request: Request, session: SignedIn | None) -> Response:
        """The redirect with a code or an error, or a form that the browser posts; raises PageNeeded."""
        given = request.payload.data
        client = self.first_party.get(given.get("client_id", ""))
        hint = self.hints.read(given["id_token_hint"]) if "id_token_hint" in given else None
        request.authorization = Authorization(request.payload, client, session, self._clock(), hint)
        grant = self.get_authorization_grant(request)
        response: Response = self.store.run(
            lambda: self.create_authorization_response(request, grant_user=session, grant=grant)
        )
        if given.get("response_mode") == "form_post":
            return form_post(response.headers["Location"])
        return response

    def respond(self, request: Request) -> Response:
        """The answer to a token request of a person's client, good or bad."""
        response: Response = self.store.run(lambda: self.create_token_response(request))
        return response

    def respond_to_client(self, request: Request) -> Response:
        """The token of a client that acts for itself; Authlib's grant would build a dozen objects for each.

        Raises InvalidClient, UnauthorizedClientError, InvalidScopeError.
        """
        client = self.authenticate_client(request, client_credentials.METHODS)
        scope = client_credentials.granted_scope(client, request.form.get("scope"))
        assert isinstance(client, OrganizationClient)
        token = self.issuing.for_client(client, scope)
        answer = compact_json(_answer(token.value, CLIENT_SECONDS, scope))
        return Response(answer, headers=_NOT_STORED, media_type="application/json")

    def introspection(self, verifier: Verifier, changes: Changes) -> Introspection:
        return Introspection(verifier, changes, self.organization_clients, self.families, self.sessions, self._clock)

    def revoke(self, request: Request) -> Response:
        """The answer to a revocation request, good or bad."""
        response: Response = self.store.run(lambda: self.create_endpoint_response("revocation", request))
        return response

    def authenticate_client(self, request: Request, methods: tuple[str, ...], endpoint: str = "token") -> KnownClient:
        """Raises InvalidClient, the same for an unknown client, a wrong secret and a wrong method."""
        given = request.credentials
        client = request.organization_client or self.first_party.get(given.client_id)
        good = client is not None and given.method in methods
        if client is None or not good or not client.check_endpoint_auth_method(given.method, endpoint):
            raise InvalidClient("The client is not known, or authenticates in another way.")
        if given.secret is not None and not self._is_secret_of(client, given.secret, request):
            raise InvalidClient("The client is not known, or authenticates in another way.")
        request.auth_method = given.method
        return client

    def _is_secret_of(self, client: KnownClient, secret: str, request: Request) -> bool:
        if not isinstance(client, OrganizationClient):
            return client.check_client_secret(secret)
        fitting = client.fitting(secret)
        if fitting is not None:
            self.secret_uses.note(fitting.id, request.address)
        return fitting is not None

    def _for_person(
        self,
        grant_type: str,
        client: FirstPartyClient,
        user: SignIn,
        scope: str,
        include_refresh_token: bool,
        **_: Any,
    ) -> dict[str, Any]:
        token = self.issuing.for_person(user, client.client_id, scope)
        self.families.note(user.family, token)
        answer = _answer(token.value, PERSON_SECONDS, scope)
        # A refresh may narrow the scope of its access token; the family's own stays.
        if include_refresh_token and (grant_type == "refresh_token" or "offline_access" in scope.split()):
            answer["refresh_token"], until = self.families.next_refresh_token(user.family)
            self.sessions.keep(user.session_id, until)
        return answer

    def save_token(self, token: dict[str, Any], request: Request) -> None:
        """Access tokens are verified offline, refresh tokens were stored when they were made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_error_response(self, request: Request, error: OAuth2Error) -> Response:
        """Raises the error where it is an authorization request's and must not reach the client."""
        if request.authorization is not None and error.redirect_uri is None:
            raise error
        return self.handle_response(*error())

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        named = dict(headers)
        return Redirect(named["Location"]) if status == 302 else JSONResponse(body, status, named)


def _answer(access_token: str, seconds: int, scope: str) -> dict[str, Any]:
    return {"access_token": access_token, "token_type": "Bearer", "expires_in": seconds, "scope": scope}
