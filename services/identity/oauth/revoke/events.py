"""The contract event of a revoked access token."""

from contracts import identity as contract
from identity.oauth.revoke.domain import RevokedToken
from runtime.publications import Publications

PUBLICATIONS = Publications("identity")
PUBLICATIONS.on(
    RevokedToken.Revoked,
    contract.TokenRevoked,
    lambda event: contract.TokenRevoked(jti=str(event.originator_id), expires_at=event.expires_at),
)
