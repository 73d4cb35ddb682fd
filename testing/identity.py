"""A fake identity: it signs tokens, answers on the bus for identity and organizations, and publishes their events."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

from contracts import rpc
from contracts.permissions import Limits
from testing.bus import PeerBus

ISSUER = "http://localhost:8080"


class FakeIdentity(PeerBus):
    """What it knows is what tests put into `accounts`, `clients`, `memberships` and `operators`.

    It answers the requests that it is given, so that a service under test that answers one itself is the only one to.
    """

    def __init__(
        self, nats_url: str, *requests: rpc.Rpc[Any, Any], streams: Sequence[str] = ("identity",), issuer: str = ISSUER
    ) -> None:
        super().__init__(nats_url, "identity", streams=streams)
        self.accounts: dict[UUID, rpc.User] = {}
        self.clients: dict[str, rpc.Client] = {}
        self.memberships: dict[tuple[UUID, UUID], rpc.Membership] = {}
        self.operators: set[UUID] = set()
        self.asked_for_people = 0
        self._issuer = issuer
        self._key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})
        answers: dict[rpc.Rpc[Any, Any], Callable[[Any], rpc.Reply[Any]]] = {
            rpc.JWKS: self._jwks,
            rpc.USER: self._person,
            rpc.CLIENT: self._client,
            rpc.MEMBERSHIP: self._membership,
            rpc.OPERATOR: self._operator,
        }
        for request in (rpc.JWKS, *requests):
            self.answer(request, answers[request])

    def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """A signed access token for ten minutes."""
        now = int(time.time())
        known = {
            "iss": self._issuer,
            "aud": f"{self._issuer}/api",
            "sub": subject,
            "iat": now,
            "exp": now + 600,
            "jti": uuid4().hex,
        }
        return jwt.encode({"alg": "ES256", "kid": "test", "typ": "at+jwt"}, {**known, **claims}, self._key)

    def user_token(self, user_id: UUID, session: UUID | None = None) -> str:
        """The token of a signed-in user."""
        return self.token(str(user_id), {"sid": str(session or uuid4())})

    def client_token(self, organization: UUID, *scopes: str, limits: Limits | None = None) -> tuple[rpc.Client, str]:
        """A new client of an organization, and its token."""
        identifier = uuid4()
        client = self.clients[f"thc_{identifier.hex}"] = rpc.Client(
            id=identifier,
            client_id=f"thc_{identifier.hex}",
            organization_id=organization,
            scopes=scopes,
            limits=limits or Limits(),
        )
        claims = {"client_id": client.client_id, "org": str(organization), "scope": " ".join(scopes)}
        return client, self.token(client.client_id, claims)

    def _jwks(self, _: rpc.JwksRequest) -> rpc.Reply[rpc.Jwks]:
        return rpc.Reply[rpc.Jwks](ok=rpc.Jwks(keys=(self._key.as_dict(private=False),)))

    def _person(self, asked: rpc.UserRequest) -> rpc.Reply[rpc.User]:
        self.asked_for_people += 1
        return rpc.Reply[rpc.User](ok=self.accounts.get(asked.user_id))

    def _client(self, asked: rpc.ClientRequest) -> rpc.Reply[rpc.Client]:
        return rpc.Reply[rpc.Client](ok=self.clients.get(asked.client_id))

    def _membership(self, asked: rpc.MembershipRequest) -> rpc.Reply[rpc.Membership]:
        return rpc.Reply[rpc.Membership](ok=self.memberships.get((asked.organization_id, asked.user_id)))

    def _operator(self, asked: rpc.OperatorRequest) -> rpc.Reply[rpc.Operator]:
        return rpc.Reply[rpc.Operator](ok=rpc.Operator(operator=asked.user_id in self.operators))
