"""The Web API over TCP."""

import asyncio
from contextlib import suppress
from typing import NoReturn

from metatrader.credentials import PasswordHash
from metatrader.errors import ConnectionFailed, ConnectionLost, MetaTraderError, ProtocolError
from metatrader.mt5.answers import Answer
from metatrader.mt5.cipher import PacketCipher, ciphers
from metatrader.mt5.frames import MAX_BODY, MAX_CLIENT_SERIAL, PING, PREFIX, AnswerParts, FrameDecoder, encode_frame
from metatrader.mt5.session import (
    Command,
    Session,
    Target,
    answer_params,
    challenge,
    os_reason,
    start_params,
    verify_server,
)
from metatrader.mt5.text import Message

_PIECE = 256 * 1024


class TcpSession(Session):
    def __init__(
        self, target: Target, *, encrypt: bool, timeout: float, connect_timeout: float, max_answer: int
    ) -> None:
        super().__init__(timeout=timeout, connect_timeout=connect_timeout)
        self._target = target
        self._encrypt = encrypt
        self._max_answer = max_answer
        self._frames = FrameDecoder()
        self._serial = 0
        self._outgoing: PacketCipher | None = None
        self._incoming: PacketCipher | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def _connect(self) -> None:
        try:
            self._reader, self._writer = await asyncio.open_connection(
                self._target.dialled, self._target.port, limit=_PIECE
            )
            self._writer.write(PREFIX)
        except OSError as error:
            self.broken = True
            raise ConnectionFailed(f"{self._target.host}:{self._target.port}: {os_reason(error)}") from error

    async def _sign_in(self, login: int, password: PasswordHash) -> None:
        method = "AES256OFB" if self._encrypt else "NONE"
        start = await self._exchange(Command("AUTH_START", start_params(login, method)))
        params, cli_rand = answer_params(password, challenge(start))
        answer = await self._exchange(Command("AUTH_ANSWER", params))
        verify_server(password, cli_rand, answer)
        if self._encrypt:
            self._outgoing, self._incoming = ciphers(password, answer.hexadecimal("CRYPT_RAND"))

    async def _exchange(self, command: Command) -> Answer:
        self._serial = self._serial % MAX_CLIENT_SERIAL + 1
        await self._send(self._serial, Message(command.name, command.params).encode())
        message = Message.decode(await self._receive(self._serial))
        if message.name.upper() != command.name:
            raise ProtocolError(f"{command.name}: the answer belongs to another command")
        return Answer.of_message(message)

    async def _send(self, serial: int, message: bytes) -> None:
        if len(message) > MAX_BODY:
            raise ProtocolError("a command is longer than a frame")
        await self._write(encode_frame(serial, self._outgoing.apply(message) if self._outgoing else message))

    async def _write(self, data: bytes) -> None:
        if self._writer is None or self._reader.at_eof():
            self._lose()
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            self._lose(error)

    async def _receive(self, serial: int) -> bytes:
        collected = AnswerParts(serial, self._max_answer)
        while True:
            while (frame := self._frames.next()) is None:
                self._frames.feed(await self._read())
            if self._incoming and frame.body:
                # Every packet moves the register on, also one that is not for us.
                frame = frame._replace(body=self._incoming.apply(frame.body))
            if (whole := collected.add(frame)) is not None:
                return whole

    async def _read(self) -> bytes:
        try:
            data = await self._reader.read(_PIECE)
        except OSError as error:
            self._lose(error)
        if not data:
            self._lose()
        return data

    def _lose(self, cause: OSError | None = None) -> NoReturn:
        self.broken = True
        raise ConnectionLost("the server closed the connection") from cause

    async def _keep_alive(self) -> None:
        await self._write(PING)

    async def close(self) -> None:
        if self._writer is None:
            return
        if not self.broken:
            with suppress(MetaTraderError):
                await self._send(self._serial % MAX_CLIENT_SERIAL + 1, Message("QUIT").encode())
        self.broken = True
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
