"""The interface of a connector: how one API or report database of a kind of platform is checked and read."""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from kit.http.fields import Body
from platforms.accounts.model import ListName, Place, Row, RowQuery
from platforms.checks.domain import Check, Failed
from platforms.connections.addresses import Policy
from platforms.connections.credentials import Credentials, Secret
from platforms.platforms.domain import Target

_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Capability(StrEnum):
    """What Tradehall can do over a connector. `check`: try the credentials to the end, not only reach the port."""

    CHECK = "check"
    READ = "read"
    WRITE = "write"


class NotOffered(Exception):
    """This source cannot answer the request; the text says why."""


class CredentialForm(Body, ABC):
    """The request body that sets a connector's credentials, and the form for them.

    Each field's `title` is its label and its `description` the help text beside it.
    """

    login_type: ClassVar[type[int] | type[str]] = str
    """The type of the login in answers."""

    @abstractmethod
    def credentials(self, connector: "Connector") -> Credentials:
        """The credentials with the clear password. Raises Invalid for values that the connector does not take."""

    def shown(self) -> dict[str, str | int]:
        """The values that may be shown again: no secrets, and no certificates, which are long."""
        secrets = {name for name, value in self if isinstance(value, SecretStr)}
        shown: dict[str, str | int] = self.model_dump(exclude=secrets | {"ca_pem"}, exclude_none=True, mode="json")
        return shown


class Session(ABC):
    """A signed-in connection, read-only."""

    @abstractmethod
    async def zone_minutes(self) -> int:
        """The server's time zone in minutes east of UTC; 0 where the server does not state it."""

    @abstractmethod
    def rows(self, wanted: RowQuery, zone_minutes: int) -> AsyncGenerator[Row, None]:
        """Rows of the list `wanted.what`, in the order of its places. Raises NotOffered, Failed, and `errors`."""

    def broken_by(self, error: Exception) -> bool:
        """Whether the session cannot be used after this error."""
        return True

    @abstractmethod
    async def close(self) -> None: ...


@dataclass(frozen=True)
class Reading:
    """How accounts, positions, orders, deals and symbols are read."""

    open: Callable[[Credentials, Policy], Awaitable[Session]]
    """Connects and signs in. Raises Failed, NotOffered, and `errors`."""
    errors: tuple[type[Exception], ...]
    """What else sessions raise."""
    failed: Callable[[Any], Failed]
    """The outcome and the advice for one of `errors`."""
    place: Callable[[ListName, Row], Place]
    """The position of a row in the order of its list: the next page begins behind it. Numbers or text, of fixed length
    and types for each list: cursors are checked against the place of an example row."""
    shared: bool = False
    """Whether sessions are kept and shared between requests (APIs only)."""


@dataclass(frozen=True)
class SimulatorOptions:
    """How a simulator starts: on a port (0: any free one), with how much data, and where it keeps a certificate."""

    port: int = 0
    users: int = 3
    trades: int = 5
    folder: Path | None = None


Simulator = Callable[[SimulatorOptions], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Starts a server that behaves like the platform; gives the values of the credential form that signs in to it."""


@dataclass(frozen=True, kw_only=True)
class Connector:
    """One kind of API or report database. The registry finds it as `CONNECTOR` in its folder."""

    name: str
    """In kebab case, unique, and never changed: it is stored as the API of platforms."""
    title: str
    summary: str
    """One sentence that helps to choose between the connectors of a kind."""
    kind: str
    """The kind of platform that it fits, such as mt5."""
    target: Target
    """api: chosen by the platform's `api`. db: the report database of all platforms of the kind."""
    form: type[CredentialForm]
    capabilities: frozenset[Capability]
    check: Callable[[Credentials, Policy], Check]
    reading: Reading | None = None
    """Given if and only if READ is among the capabilities."""
    tls: str | None = None
    """off or verify where the protocol decides it; None where the form asks."""
    kept_secret: Callable[[Secret], Secret] | None = None
    """Derives the form of the secret that is stored, which opens less than the password; None keeps the password."""
    simulator: Simulator | None = None
    rank: int = 50
    """Position in lists; the connector with the lowest rank of a kind is proposed first."""

    def __post_init__(self) -> None:
        if not (_WORD.fullmatch(self.name) and _WORD.fullmatch(self.kind)):
            raise TypeError(f"connector {self.name}: name and kind are words in kebab case, as events carry them")
        if (self.reading is not None) != (Capability.READ in self.capabilities):
            raise TypeError(f"connector {self.name}: `reading` is given if and only if it has the capability read")

    def kept(self, given: Credentials) -> Credentials:
        """Credentials as they are stored."""
        secret = self.kept_secret(given.secret) if self.kept_secret else given.secret
        return replace(given, secret=secret, tls=self.tls or given.tls)
