"""Credentials in memory: which server they are for, and a secret that is never printed."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, repr=False)
class Secret:
    """`form` is `password` for a clear password; a connector may keep another form, derived from the password."""

    form: str
    value: bytes

    @classmethod
    def password(cls, clear: str) -> "Secret":
        return cls("password", clear.encode())

    def __repr__(self) -> str:
        return f"Secret({self.form})"


@dataclass(frozen=True)
class Credentials:
    """`login` is a manager's number or a user's name; `tls` is off, require or verify.

    `options` holds what a connector's form asks for beyond the common fields.
    """

    host: str
    port: int
    login: str
    secret: Secret
    tls: str = "verify"
    database: str | None = None
    ca_pem: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """All fields, to be encrypted together: write access to rows cannot send the password to another host."""
        fields: dict[str, Any] = asdict(self)
        fields["secret"] = [self.secret.form, base64.b64encode(self.secret.value).decode()]
        if not self.options:
            del fields["options"]  # releases that do not know the field run beside this one during an upgrade
        return json.dumps(fields).encode()

    @classmethod
    def from_bytes(cls, opened: bytes) -> "Credentials":
        fields = json.loads(opened)
        form, value = fields.pop("secret")
        return cls(secret=Secret(form, base64.b64decode(value)), **fields)
