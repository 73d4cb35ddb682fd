"""One read-only connection to a report database, opened stage by stage; the server is not trusted."""

import asyncio
import ssl
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiomysql
from pymysql.charset import charset_by_name
from pymysql.constants import CLIENT
from pymysql.err import OperationalError

STATEMENT_SECONDS = 10
_SAFE_IN_CLEAR = ("", "mysql_native_password")
_PACKET = 16 * 1024 * 1024 - 1


class TlsNotOffered(Exception):
    """The server does not offer TLS."""


class UnsafeSignIn(Exception):
    """The server asks for the password in a form that an eavesdropper could read."""


class ReportConnection(aiomysql.Connection):  # type: ignore[misc]  # the library has no types
    """`greet`, `encrypt` (unless TLS is off), `sign_in`, then `rows` and `texts`.

    aiomysql connects in one go, goes on in clear where the server offers no TLS, verifies the certificate against
    what it dials, and gives the clear password to a server that asks for it: hence these steps of our own.
    """

    def __init__(self, user: str, password: str, database: str) -> None:
        # The library writes passwords as Latin-1; servers take UTF-8.
        super().__init__(
            user=user, password=password.encode().decode("latin1"), db=database, charset="utf8mb4", autocommit=True
        )
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS
        self._signed_in = False

    @property
    def is_mariadb(self) -> bool:
        """Known once it has greeted."""
        return "mariadb" in self.server_version.lower()

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Take the server's greeting on a fresh connection; answers its version."""
        self._reader, self._writer = reader, writer
        self._set_nodelay(True)
        self._next_seq_id = 0
        await self._get_server_information()
        return str(self.server_version)

    async def encrypt(self, context: ssl.SSLContext, host: str) -> asyncio.StreamWriter:
        """Agree on TLS; raises TlsNotOffered, ssl.SSLError, OSError."""
        if not self.server_capabilities & CLIENT.SSL:
            raise TlsNotOffered
        self.client_flag |= CLIENT.SSL
        charset = charset_by_name(self.charset).id
        self.write_packet(struct.pack("<iIB23s", self.client_flag, _PACKET, charset, b""))
        await self._writer.start_tls(context, server_hostname=host)
        self._secure = True
        writer: asyncio.StreamWriter = self._writer
        return writer

    async def sign_in(self) -> None:
        """Sign in and make the session read only; raises UnsafeSignIn, pymysql.err.MySQLError, OSError."""
        if not self._secure and self._server_auth_plugin not in _SAFE_IN_CLEAR:
            # Whatever the server prefers, our first method shows no password to an eavesdropper.
            self._client_auth_plugin = "mysql_native_password"
        await self._request_authentication()
        self._signed_in = True
        await self.autocommit(True)
        limit = (
            f"max_statement_time={STATEMENT_SECONDS}"
            if self.is_mariadb
            else f"max_execution_time={STATEMENT_SECONDS * 1000}"
        )
        await self.query("SET SESSION TRANSACTION READ ONLY")
        with suppress(OperationalError):  # servers before 5.7 and 10.1 have no such limit: ours, below, remains
            await self.query(f"SET SESSION {limit}")

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        if not self._secure and plugin_name.decode("latin1") not in _SAFE_IN_CLEAR:
            raise UnsafeSignIn
        return await super()._process_auth(plugin_name, auth_packet)

    async def rows(self, statement: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of a small answer; raises TimeoutError, pymysql.err.MySQLError."""
        async with asyncio.timeout(STATEMENT_SECONDS + 2):
            cursor = await self.cursor(aiomysql.DictCursor)
            await cursor.execute(statement, params)
            return list(await cursor.fetchall())

    async def texts(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a bounded answer, their values as text or None; raises as `rows`. They are fetched at
        once: a slow reader keeps no statement open, which the server would end."""
        self.decoders: dict[int, Any] = {}
        async with asyncio.timeout(STATEMENT_SECONDS + 2):
            cursor = await self.cursor(aiomysql.Cursor)
            await cursor.execute(statement, params)
            return list(await cursor.fetchall())

    async def end(self) -> None:
        """Hang up; politely, if it can be done at once."""
        if self._signed_in:
            with suppress(Exception):
                async with asyncio.timeout(1.0):
                    await self.ensure_closed()
        self.close()


def quoted(name: str) -> str:
    """An identifier of the server's own catalogue, ready for a statement."""
    return "`" + name.replace("`", "``") + "`"
