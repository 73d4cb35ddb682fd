"""The authorization endpoint: a user signs in for a client (RFC 6749 4.1.1, OpenID Connect Core 3.1.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from starlette.responses import Response

from identity.oauth.authorization import Authorization
from identity.oauth.authorize.checks import BEFORE_REDIRECTING, CHECKS, AuthorizationRequest, SignedIn
from identity.oauth.authorize.codes import Codes
from identity.oauth.authorize.form_post import form_post
from identity.oauth.errors import PageNeeded, ProtocolError
from identity.oauth.id_token_hints import Hints
from identity.oauth.known_clients import FirstPartyClient
from identity.oauth.parameters import Pairs, Parameters
from identity.oauth.responses import Redirect
from identity.store import IdentityStore


class AuthorizationEndpoint:
    """`issuer` is the public address; `clock` returns the time in UTC."""

    def __init__(
        self,
        issuer: str,
        clients: Mapping[str, FirstPartyClient],
        hints: Hints,
        store: IdentityStore,
        codes: Codes,
        clock: Callable[[], datetime],
    ) -> None:
        self._issuer = issuer
        self._clients = clients
        self._hints = hints
        self._store = store
        self._codes = codes
        self._clock = clock

    def respond(self, pairs: Pairs, session: SignedIn | None) -> Response:
        """A redirect to the client with a code or an error, or to a page of ours; or a form that the browser posts.

        `session` is the one of the browser. Raises ProtocolError where there is no safe address to redirect to.
        """
        request = self._read(pairs, session)
        for check in BEFORE_REDIRECTING:
            check(request)
        try:
            answer = self._checked(request)
        except PageNeeded as page:
            return Redirect(page.location)
        if "state" in request.given:
            answer["state"] = request.given["state"]
        answer["iss"] = self._issuer  # RFC 9207, with errors too
        redirect_uri = request.given["redirect_uri"]
        if request.given.get("response_mode") == "form_post":
            return form_post(redirect_uri, answer)
        # No redirect URI that can be registered has a query of its own.
        return Redirect(f"{redirect_uri}?{urlencode(answer)}")

    def _read(self, pairs: Pairs, session: SignedIn | None) -> AuthorizationRequest:
        parameters = Parameters(pairs)
        given = parameters.given
        client = self._clients.get(given.get("client_id", ""))
        hint = self._hints.read(given["id_token_hint"]) if "id_token_hint" in given else None
        return AuthorizationRequest(parameters, client, session, self._clock(), hint)

    def _checked(self, request: AuthorizationRequest) -> dict[str, str]:
        """The parameters of the answer: a code, or an error that the client may know. Raises PageNeeded."""
        try:
            for check in CHECKS:
                check(request)
        except ProtocolError as error:
            return error.parameters
        return {"code": self._store.run(lambda: self._code(request))}

    def _code(self, request: AuthorizationRequest) -> str:
        session, given = request.session, request.given
        assert session is not None
        return self._codes.issue(
            Authorization(uuid4(), session.user_id, session.id, session.signed_in_at, given.get("nonce")),
            request.known_client.client_id,
            given["redirect_uri"],
            request.scope,
            given["code_challenge"],
        )
