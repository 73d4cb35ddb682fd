"""Credentials while they are in memory: where they lead, and a secret that never shows itself."""

import base64
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from metatrader import PasswordHash

Form = Literal["password", "mt5-hash"]


@dataclass(frozen=True, repr=False)
class Secret:
    """A clear password, or the hash that MetaTrader 5 derives from it and takes in its place."""

    form: Form
    value: bytes

    @classmethod
    def password(cls, clear: str) -> "Secret":
        return cls("password", clear.encode())

    def hashed(self) -> "Secret":
        """The derived hash, which signs in to the MetaTrader 5 Web API and opens nothing else."""
        return self if self.form == "mt5-hash" else Secret("mt5-hash", PasswordHash.derive(self.value.decode()).raw)

    def __repr__(self) -> str:
        return f"Secret({self.form})"


@dataclass(frozen=True)
class Credentials:
    """`login` is a manager's number or a database user's name; `tls` is off, require or verify."""

    host: str
    port: int
    login: str
    secret: Secret
    tls: str
    database: str | None = None
    ca_pem: str | None = None

    def hashed(self) -> "Credentials":
        return replace(self, secret=self.secret.hashed())

    def to_bytes(self) -> bytes:
        """For sealing: everything, so that nobody who can write rows can lead a password elsewhere."""
        fields: dict[str, Any] = asdict(self)
        fields["secret"] = [self.secret.form, base64.b64encode(self.secret.value).decode()]
        return json.dumps(fields).encode()

    @classmethod
    def from_bytes(cls, opened: bytes) -> "Credentials":
        fields = json.loads(opened)
        form, value = fields.pop("secret")
        return cls(secret=Secret(form, base64.b64decode(value)), **fields)
