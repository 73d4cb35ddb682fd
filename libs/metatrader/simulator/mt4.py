"""An MT4 server's web services: quotes only."""

import asyncio
from datetime import UTC, datetime

from metatrader.simulator.faults import FaultKind
from metatrader.simulator.server import Ended, Simulator, half, reset, silence

_LONGEST_LINE = 4096


class Mt4Simulator(Simulator):
    """Answers one query per connection: `WQUOTES-EURUSD,GBPUSD,`, in clear."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self.idle):
            line = (await _line(reader)).decode("cp1252")
        await self.journal.note(line.partition("-")[0])
        fault = self.faults.take("WQUOTES")
        kind = fault.kind if fault else None
        if kind == FaultKind.SILENT:
            await silence(reader)
        if kind == FaultKind.CLOSE:
            raise Ended
        answer = self._answer(line) if kind != FaultKind.BAD_TEXT else b"no quote\r\nend\r\n"
        if kind in (FaultKind.HALF, FaultKind.RESET):
            await half(writer, answer)
            await (reset(writer) if kind == FaultKind.RESET else silence(reader))
        writer.write(answer)
        await writer.drain()

    def _answer(self, line: str) -> bytes:
        if not line.startswith("WQUOTES-"):
            return b"end\r\n"
        wanted = line.removeprefix("WQUOTES-").split(",")
        now = datetime.fromtimestamp(self.broker.clock(), UTC)
        known = {symbol.name: symbol for symbol in self.broker.symbols}
        lines = [
            f"{'up' if symbol.digits % 2 else 'down'} {symbol.name} {symbol.price} "
            f"{symbol.price + 12 * symbol.point} {now:%Y.%m.%d %H:%M:%S}\r\n"
            for symbol in map(known.get, wanted)
            if symbol is not None
        ]
        return ("".join(lines) + "end\r\n").encode("cp1252")


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        line = await reader.readuntil(b"\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Ended from error
    if len(line) > _LONGEST_LINE:
        raise Ended
    return line.strip()
