"""The settings of the identity service."""

from pathlib import Path

import idna
from pydantic import Field, Json, SecretStr, field_validator

from identity.oauth.first_party import FirstPartyProgram
from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """`registration`: "open", "invited", or e-mail domains that may register, separated by commas.
    `first_operator`: whether the first user who registers becomes operator.
    `portal_secret`: the secret of the portal's client, if there is a portal.
    `erasure_list`: the file of the erasure log, outside the database and its backups.
    `first_party_clients`: the operator's own applications in which users sign in (docs/conformance.md)."""

    registration: str = "open"
    first_operator: bool = False
    portal_secret: SecretStr | None = None
    erasure_list: Path | None = None
    first_party_clients: Json[tuple[FirstPartyProgram, ...]] = Field((), validate_default=False)

    @field_validator("registration")
    @classmethod
    def _known_way(cls, value: str) -> str:
        if value in ("open", "invited"):
            return value
        try:
            domains = [idna.encode(each.strip(), uts46=True).decode() for each in value.split(",")]
        except idna.IDNAError as error:
            raise ValueError("give open, invited, or e-mail domains separated by commas") from error
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
        """Domains that may register, in normal form; empty if registration is by invitation, None for all."""
        if self.registration == "open":
            return None
        return frozenset() if self.registration == "invited" else frozenset(self.registration.split(","))
