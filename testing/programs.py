"""The first-party programs, as the operator's settings name them."""

import json
import secrets
from dataclasses import dataclass, field

from embedded import free_port


@dataclass(frozen=True)
class Program:
    """A confidential client at an address of its own, where nobody needs to listen."""

    client_id: str
    origin: str
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def callback(self) -> str:
        return f"{self.origin}/callback"

    @property
    def signed_out(self) -> str:
        return f"{self.origin}/signed-out"


@dataclass(frozen=True)
class Programs:
    """Two relying parties, and the page behind Apache, which really listens."""

    first: Program = field(default_factory=lambda: Program("first-party", "http://localhost:53683"))
    second: Program = field(default_factory=lambda: Program("second-party", "http://localhost:53684"))
    behind_apache: Program = field(default_factory=lambda: Program("behind-apache", f"http://localhost:{free_port()}"))

    @property
    def environment(self) -> dict[str, str]:
        """What an operator sets to make them known."""
        known = [
            {
                "client_id": program.client_id,
                "client_secret": program.client_secret,
                "redirect_uris": [program.callback],
                "post_logout_redirect_uris": [program.signed_out],
            }
            for program in (self.first, self.second, self.behind_apache)
        ]
        return {"TRADEHALL_FIRST_PARTY_CLIENTS": json.dumps(known)}
