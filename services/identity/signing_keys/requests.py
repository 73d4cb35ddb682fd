"""The request of other services for the keys that verify tokens."""

from contracts import rpc
from identity.signing_keys.service import SigningKeys
from kit.messaging.bus import Bus


def answer(bus: Bus, keys: SigningKeys) -> None:
    """Declare the answer; before the bus runs."""

    def jwks(_: rpc.JwksRequest) -> rpc.Reply[rpc.Jwks]:
        return rpc.Reply[rpc.Jwks](ok=rpc.Jwks.model_validate(keys.jwks()))

    bus.answers(rpc.JWKS.subject, rpc.JWKS.request, jwks)
