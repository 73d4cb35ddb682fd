"""The settings of the identity service."""

from pathlib import Path

import idna
from pydantic import Field, Json, SecretStr, field_validator

from identity.oauth.first_party import FirstPartyProgram
from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Of identity: who may register, the portal's client, erasures, and first-party clients."""

    registration: str = "open"
    """Who may register: `open`, `invited`, or e-mail domains separated by commas."""
    first_operator: bool = False
    """`true` makes the first user who registers an operator. Use it on your own machine only."""
    portal_secret: SecretStr | None = None
    """Secret of the client `tradehall-portal`; identity and the portal read the same."""
    erasure_list: Path | None = None
    """File of the erasure log, outside the database and its backups."""
    first_party_clients: Json[tuple[FirstPartyProgram, ...]] = Field((), validate_default=False)
    """First-party clients, in which users sign in, as a JSON list (docs/conformance.md)."""

    @field_validator("registration")
    @classmethod
    def _known_way(cls, value: str) -> str:
        if value in ("open", "invited"):
            return value
        try:
            domains = [idna.encode(each.strip(), uts46=True).decode() for each in value.split(",")]
        except idna.IDNAError as error:
            raise ValueError("give open, invited, or e-mail domains with commas between them") from error
        if not all("." in each for each in domains):
            raise ValueError("give open, invited, or whole e-mail domains such as example.com")
        return ",".join(domains)

    @field_validator("first_party_clients")
    @classmethod
    def _named_once(cls, value: tuple[FirstPartyProgram, ...]) -> tuple[FirstPartyProgram, ...]:
        names = [program.client_id for program in value]
        for name in names:
            if name.startswith("tradehall-") or names.count(name) > 1:
                raise ValueError(f"give another client_id than {name}: it is taken")
        return value

    @property
    def registration_domains(self) -> frozenset[str] | None:
        """Domains that may register, in normal form; empty where only the invited may, None for all."""
        if self.registration == "open":
            return None
        return frozenset() if self.registration == "invited" else frozenset(self.registration.split(","))
