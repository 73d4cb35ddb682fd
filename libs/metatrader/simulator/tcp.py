"""An access server that speaks the Web API over TCP."""

import asyncio

from metatrader.errors import ProtocolError
from metatrader.mt5.cipher import PacketCipher, ciphers
from metatrader.mt5.frames import FIRST_SERVER_SERIAL, Frame, FrameDecoder, encode_frame, parts
from metatrader.mt5.text import Message
from metatrader.simulator.broker import Broker
from metatrader.simulator.faults import Fault, FaultKind
from metatrader.simulator.replies import Reply, retcode
from metatrader.simulator.server import Ended, Simulator, half, reset, silence
from metatrader.simulator.sign_in import LIMIT, SignIn


class TcpSimulator(Simulator):
    """Sends a ping of its own between the parts of a long answer; never answers a client's ping."""

    def __init__(
        self,
        broker: Broker,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        idle: float = 120.0,
        sign_in_limit: float = LIMIT,
        unknown_login: int = 1001,
    ) -> None:
        super().__init__(broker, host=host, port=port, idle=idle)
        self.sign_in_limit = sign_in_limit
        self.unknown_login = unknown_login

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Connection(self, reader, writer).run()


class _Connection:
    def __init__(self, simulator: TcpSimulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._simulator = simulator
        self._reader = reader
        self._writer = writer
        self._frames = FrameDecoder(prefixed=True)
        self._sign_in = SignIn(
            simulator.broker,
            writer.get_extra_info("peername")[0],
            limit=simulator.sign_in_limit,
            unknown_login=simulator.unknown_login,
        )
        self._incoming: PacketCipher | None = None
        self._outgoing: PacketCipher | None = None
        self._serial = FIRST_SERVER_SERIAL

    async def run(self) -> None:
        while True:
            try:
                frame = await self._frame()
                body = self._incoming.apply(frame.body) if self._incoming else frame.body
                message = Message.decode(body) if body else Message("")
            except ProtocolError as error:
                raise Ended from error
            if not message.name:
                await self._simulator.journal.note("PING")
                continue
            await self._simulator.journal.note(message.name.upper())
            await self._handle(frame.serial, message)

    async def _frame(self) -> Frame:
        while (frame := self._frames.next()) is None:
            async with asyncio.timeout(self._simulator.idle):
                data = await self._reader.read(65536)
            if not data:
                raise Ended
            self._frames.feed(data)
        return frame

    async def _handle(self, serial: int, message: Message) -> None:
        name = message.name.upper()
        if name == "QUIT":
            raise Ended
        fault = self._simulator.faults.take(name)
        if fault is not None and fault.kind == FaultKind.DELAY:
            await asyncio.sleep(fault.seconds)
        answer = self._reply(name, message, fault)
        values = {"RETCODE": retcode(answer.code), **answer.values}
        data = Message(message.name, values, answer.document).encode()
        await self._send(serial, data, fault)
        if name == "AUTH_ANSWER" and self._sign_in.manager and self._sign_in.crypt_rand:
            self._incoming, self._outgoing = ciphers(self._sign_in.manager.password, self._sign_in.crypt_rand)
        if answer.code == 15 or (self._sign_in.manager is None and answer.code):
            await self._writer.drain()
            raise Ended

    def _reply(self, name: str, message: Message, fault: Fault | None) -> Reply:
        if fault is not None and fault.kind == FaultKind.RETCODE:
            return Reply(fault.retcode)
        if fault is not None and fault.kind == FaultKind.NOT_JSON:
            return Reply(document='{"Login" : ')
        if name == "AUTH_START":
            return self._sign_in.start(message.params)
        if name == "AUTH_ANSWER":
            lying = fault is not None and fault.kind == FaultKind.LYING
            return self._sign_in.answer(message.params, lying=lying)
        if self._sign_in.manager is None:
            return Reply(1001)
        return self._simulator.reply(self._sign_in.manager, name, message.params)

    async def _send(self, serial: int, data: bytes, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if kind == FaultKind.SILENT:
            await silence(self._reader)
        if kind == FaultKind.CLOSE:
            raise Ended
        if kind == FaultKind.BAD_TEXT:
            data = b"\x00\xd8" * 8  # halves of characters
        wire = bytearray()
        if kind == FaultKind.STALE:
            wire += encode_frame(serial ^ 0x2000, self._encrypted(Message("LATE").encode()))
        for body, more in parts(data):
            wire += encode_frame(serial, self._encrypted(body), more=more)
            if more:
                wire += self._ping()
        if kind in (FaultKind.HALF, FaultKind.RESET):
            await half(self._writer, bytes(wire))
            await (reset(self._writer) if kind == FaultKind.RESET else silence(self._reader))
        self._writer.write(wire)
        await self._writer.drain()

    def _encrypted(self, body: bytes) -> bytes:
        return self._outgoing.apply(body) if self._outgoing else body

    def _ping(self) -> bytes:
        self._serial = self._serial + 1 if self._serial < 0x7FFF else FIRST_SERVER_SERIAL
        return encode_frame(self._serial, b"")
