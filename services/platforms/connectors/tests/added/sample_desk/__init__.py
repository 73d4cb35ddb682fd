"""A small connector: a line protocol that answers `accounts` and `symbols` to clients with the key of a desk."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from pydantic import Field

from kit.http.fields import Name
from platforms.accounts.model import ListName, Place, Row, RowQuery
from platforms.checks.domain import Check, Failed, Finding, Stage
from platforms.connections.addresses import Policy
from platforms.connections.connector import (
    Capability,
    Connector,
    CredentialForm,
    NotOffered,
    Reading,
    Session,
    SimulatorOptions,
)
from platforms.connections.credentials import Credentials, Secret
from platforms.connections.dialer import Dialer, Streams
from platforms.connections.fields import Choices, Host, Password, Port

_KEY, _LOGINS = "Sample-key-1", (7001, 7002, 7003)


class SampleCredentials(CredentialForm):
    """The key of a desk."""

    host: Host = Field(examples=["desk.broker.example"])
    port: Port = Field(examples=[7000])
    user: Annotated[Name, Field(title="User", description="The user of the desk.", examples=["ada"])]
    desk: Annotated[
        Literal["retail", "prime"],
        Field(title="Desk", description="The desk to sign in to.", examples=["prime"]),
        Choices((("retail", "Retail", "All accounts."), ("prime", "Prime", "Large accounts."))),
    ] = "retail"
    password: Password

    def credentials(self, connector: Connector) -> Credentials:
        secret = Secret.password(self.password.get_secret_value())
        return Credentials(self.host, self.port, self.user, secret, options={"desk": self.desk})


async def signed_in(streams: Streams, credentials: Credentials) -> None:
    """Raises Failed."""
    words = credentials.options["desk"], credentials.login, credentials.secret.value.decode()
    if await asked(streams, " ".join(words)) != "welcome":
        raise Failed("bad-credentials", "Correct the user, the desk or the key.")


async def asked(streams: Streams, line: str) -> str:
    reader, writer = streams
    writer.write(f"{line}\n".encode())
    return (await reader.readline()).decode().strip()


class SampleCheck(Check):
    def __init__(self, credentials: Credentials, policy: Policy) -> None:
        self._credentials = credentials
        self._dialer = Dialer(credentials.host, credentials.port, policy)

    def stages(self) -> Sequence[Stage]:
        return ("name", 5.0, self._dialer.name), ("port", 5.0, self._dialer.port), ("sign-in", 5.0, self._sign_in)

    async def _sign_in(self) -> Finding:
        streams = await self._dialer.connect()
        try:
            await signed_in(streams, self._credentials)
        finally:
            streams[1].close()
        return Finding(f"Signed in as {self._credentials.login}")


class SampleSession(Session):
    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def zone_minutes(self) -> int:
        return 0

    async def rows(self, wanted: RowQuery, zone_minutes: int) -> AsyncGenerator[Row, None]:
        if wanted.what != "accounts":
            raise NotOffered(f"Sample desks have no {wanted.what}.")
        last = wanted.after[0] if wanted.after else 0
        for login in (await asked(self._streams, "accounts")).split():
            if int(login) > int(last) and wanted.login in (None, int(login)):
                yield (int(login), "desk", "EUR", 1, True, "10.00", "0.00", *[None] * 13)

    async def close(self) -> None:
        self._streams[1].close()


async def opened(credentials: Credentials, policy: Policy) -> Session:
    dialer = Dialer(credentials.host, credentials.port, policy)
    await dialer.name()
    streams = await dialer.connect()
    await signed_in(streams, credentials)
    return SampleSession(streams)


def place(what: ListName, row: Row) -> Place:
    return (row[0],)


@asynccontextmanager
async def simulator(options: SimulatorOptions) -> AsyncIterator[Mapping[str, Any]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {f"prime ada {_KEY}": "welcome", "accounts": " ".join(map(str, _LOGINS))}
        while line := (await reader.readline()).decode().strip():
            writer.write(f"{answers.get(line, 'unknown')}\n".encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", options.port) as server:
        port = server.sockets[0].getsockname()[1]
        yield {"host": "127.0.0.1", "port": port, "user": "ada", "desk": "prime", "password": _KEY}


CONNECTOR = Connector(
    name="mt5-sample",
    title="Sample desk",
    summary="Shows how a connector is added.",
    kind="mt5",
    target="api",
    form=SampleCredentials,
    capabilities=frozenset({Capability.CHECK, Capability.READ}),
    check=SampleCheck,
    reading=Reading(open=opened, errors=(), failed=lambda error: Failed("protocol-error", str(error)), place=place),
    tls="off",
    simulator=simulator,
)
