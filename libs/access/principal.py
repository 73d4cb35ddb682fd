"""The caller, a user or a client, read from a verified access token."""

from dataclasses import dataclass
from uuid import UUID

from kit.security.tokens import InvalidToken, Token


@dataclass(frozen=True)
class Principal:
    """`id` is the token's subject: a user's UUID, or a client's `thc_…`."""

    id: str
    user_id: UUID | None
    client_id: str | None
    organization_id: UUID | None
    """The organization of a client; None for users."""
    session_id: UUID | None
    scopes: frozenset[str]
    token: Token

    @classmethod
    def of(cls, token: Token) -> "Principal":
        """Raises InvalidToken for a token without a user's session or a client's organization."""
        try:
            if "org" in token.claims:
                organization = UUID(str(token.claims["org"]))
                return cls(token.subject, None, token.subject, organization, None, token.scopes, token)
            session = UUID(str(token.claims["sid"]))
            return cls(token.subject, UUID(token.subject), None, None, session, token.scopes, token)
        except (KeyError, ValueError) as error:
            raise InvalidToken("The subject of the access token is unknown.") from error
