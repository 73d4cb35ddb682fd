"""An access server that speaks the Web API over HTTPS."""

import asyncio
import json
import ssl
from urllib.parse import parse_qsl, urlsplit

import h11

from metatrader.mt5.https import path
from metatrader.mt5.text import unescape
from metatrader.simulator.broker import Broker
from metatrader.simulator.faults import Fault, FaultKind
from metatrader.simulator.replies import COMMANDS, Reply, retcode
from metatrader.simulator.server import Ended, Simulator, half, reset, silence
from metatrader.simulator.sign_in import LIMIT, SignIn

_NAMES = {path(name): name for name in (*COMMANDS, "AUTH_START", "AUTH_ANSWER")}
_STATUS = {3: 400, 8: 403, 1001: 401, 1002: 403, 1011: 403, 1012: 403, 1020: 401}


class HttpsSimulator(Simulator):
    """A session belongs to its connection."""

    def __init__(
        self,
        broker: Broker,
        tls: ssl.SSLContext,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        idle: float = 120.0,
        sign_in_limit: float = LIMIT,
        unknown_login: int = 1001,
    ) -> None:
        super().__init__(broker, host=host, port=port, tls=tls, idle=idle)
        self.sign_in_limit = sign_in_limit
        self.unknown_login = unknown_login

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Connection(self, reader, writer).run()


class _Connection:
    def __init__(self, simulator: HttpsSimulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._simulator = simulator
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._sign_in = SignIn(
            simulator.broker,
            writer.get_extra_info("peername")[0],
            limit=simulator.sign_in_limit,
            unknown_login=simulator.unknown_login,
        )

    async def run(self) -> None:
        try:
            while True:
                request, body = await self._request()
                await self._handle(request, body)
                self._http.start_next_cycle()
        except h11.ProtocolError as error:
            raise Ended from error

    async def _request(self) -> tuple[h11.Request, bytes]:
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                return request, bytes(body)
            elif event is h11.NEED_DATA:
                async with asyncio.timeout(self._simulator.idle):
                    self._http.receive_data(await self._reader.read(65536))
            else:
                raise Ended

    async def _handle(self, request: h11.Request, body: bytes) -> None:
        url = urlsplit(request.target.decode("ascii"))
        name = _NAMES.get(url.path, "")
        params = {key.upper(): unescape(value) for key, value in parse_qsl(url.query, keep_blank_values=True)}
        if body:
            params |= {key.upper(): str(value) for key, value in json.loads(body).items()}
        await self._simulator.journal.note(name or url.path)
        fault = self._simulator.faults.take(name)
        if fault is not None and fault.kind == FaultKind.DELAY:
            await asyncio.sleep(fault.seconds)
        status, content = self._answer(name, params, fault)
        await self._send(status, content, fault)

    def _answer(self, name: str, params: dict[str, str], fault: Fault | None) -> tuple[int, bytes]:
        if fault is not None and fault.kind == FaultKind.HTTP:
            return fault.retcode, b"<html></html>"
        if fault is not None and fault.kind == FaultKind.NOT_JSON:
            return 200, b'{"retcode" : "0 Done", '
        if fault is not None and fault.kind == FaultKind.BAD_TEXT:
            return 200, b'{"retcode" : "\xff\xfe"}'
        if not name:
            return 404, b"<html></html>"
        signing_in = name in ("AUTH_START", "AUTH_ANSWER")
        if self._sign_in.manager is None and not signing_in:
            return 403, b"<html></html>"
        answer = self._reply(name, params, fault)
        return _STATUS.get(answer.code, 200), _envelope(answer, flat=signing_in)

    def _reply(self, name: str, params: dict[str, str], fault: Fault | None) -> Reply:
        if fault is not None and fault.kind == FaultKind.RETCODE:
            return Reply(fault.retcode)
        if name == "AUTH_START":
            return self._sign_in.start(params)
        if name == "AUTH_ANSWER":
            lying = fault is not None and fault.kind == FaultKind.LYING
            return self._sign_in.answer(params, lying=lying)
        assert self._sign_in.manager is not None
        return self._simulator.reply(self._sign_in.manager, name, params)

    async def _send(self, status: int, content: bytes, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if kind == FaultKind.SILENT:
            await silence(self._reader)
        if kind == FaultKind.CLOSE:
            raise Ended
        headers = [("content-type", "application/json"), ("content-length", str(len(content)))]
        if 300 <= status < 400:
            headers.append(("location", "https://192.0.2.1/"))
        wire = b"".join(
            self._http.send(event) or b""
            for event in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=content),
                h11.EndOfMessage(),
            )
        )
        if kind in (FaultKind.HALF, FaultKind.RESET):
            await half(self._writer, wire)
            await (reset(self._writer) if kind == FaultKind.RESET else silence(self._reader))
        self._writer.write(wire)
        await self._writer.drain()
        if fault is not None and fault.retcode == 15:
            raise Ended


def _envelope(answer: Reply, *, flat: bool) -> bytes:
    members = [f'"retcode" : "{retcode(answer.code)}"']
    if flat:
        members += [f'"{name.lower()}" : "{value}"' for name, value in answer.values.items()]
    elif answer.document:
        members.append(f'"answer" : {answer.document}')
    elif answer.values:
        # TIME_SERVER writes "Time", the totals "total".
        named = {name.title() if name == "TIME" else name.lower(): value for name, value in answer.values.items()}
        members.append(f'"answer" : {json.dumps(named)}')
    return ("{\r\n" + ",\r\n".join(members) + "\r\n}").encode()
