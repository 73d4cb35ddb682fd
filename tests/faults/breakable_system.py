"""A running Tradehall with injectable faults: processes, links between them, and messages of the bus."""

import os
import secrets
import shutil
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import nats
import nats.errors
import nats.js.errors
from anyio.from_thread import BlockingPortal, start_blocking_portal
from nats.js import JetStreamContext

from contracts.streams import consumers_of, feeds_of
from deploy.local import Tradehall
from embedded import temporary_folder
from embedded.signals import signal_group
from testing.driver import SystemDriver
from testing.waiting import wait_until
from tests.faults.plan import EVERYBODY, GATEWAY, Fault
from tests.faults.proxies import Proxy
from tests.faults.subscriber import quiet

_USER = "saboteur"


class BreakableSystem:
    """One system in a folder of its own, in front of whose servers proxies stand. `portal` runs them."""

    def __init__(self, var: Path, portal: BlockingPortal) -> None:
        self.var = var
        self.portal = portal
        self._links: dict[tuple[str, str], Proxy] = {}
        self._password = secrets.token_hex(16)
        self.nats_port = 0
        self.downstream_port = 0
        self.system = Tradehall(var, port_mapping=self._detour)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["BreakableSystem"]:
        with temporary_folder() as var, start_blocking_portal() as portal, ExitStack() as ending:
            made = cls(var, portal)
            ending.callback(made._end_links)
            made.system.start()
            ending.callback(made.system.stop)
            made.driver = SystemDriver({**made.system.info, "url": made._gateway()})
            ending.callback(made.driver.close)
            made.downstream_port = made._detour(EVERYBODY, "nats", made.nats_port)
            made._let_in()
            yield made

    driver: SystemDriver

    def _detour(self, service: str, server: str, port: int) -> int:
        if server == "nats":
            self.nats_port = port
        proxy = self._links[service, server] = Proxy(port)
        return self.portal.call(proxy.start)

    def _gateway(self) -> str:
        """Tradehall's address for actors."""
        address = urlsplit(self.system.info["url"])
        actors, server = GATEWAY.split("-")
        return f"http://localhost:{self._detour(actors, server, address.port or 80)}"

    def _end_links(self) -> None:
        for proxy in self._links.values():
            self.portal.call(proxy.stop)

    def do(self, fault: Fault) -> None:
        """Returns when it is over; what was killed may still be on its way back."""
        match fault.kind:
            case "kill":
                self._signal(fault.target, signal.SIGKILL)
            case "restart":
                # PostgreSQL at once, with recovery at the next start; a service in order.
                self._signal(fault.target, signal.SIGQUIT if fault.target == "postgres" else signal.SIGTERM)
            case "freeze":
                self._freeze(fault.target, fault.seconds)
            case "wipe":
                self._wipe()
            case "redeliver":
                self.portal.call(self._redeliver, fault.target)
            case _:
                self._disturb(fault)

    def heal(self) -> None:
        """Returns when everything answers again; the faults are over."""
        wait_until(self.healthy, 60, "the system to be healthy again")

    def healthy(self) -> bool:
        try:
            return self.driver.http.get("/health", timeout=5).status_code == 200
        except httpx2.TransportError:
            time.sleep(0.1)
            return False

    def _disturb(self, fault: Fault) -> None:
        service, _, server = fault.target.partition("-")
        links = [proxy for (one, to), proxy in self._links.items() if to == server and service in (one, EVERYBODY)]
        threads = [
            threading.Thread(target=self.portal.call, args=(getattr(link, fault.kind), fault.seconds)) for link in links
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _freeze(self, name: str, seconds: float) -> None:
        frozen = self._signal(name, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in frozen:
            if _parent(pid) in (os.getpid(), *frozen):
                _send(pid, signal.SIGCONT)

    def _wipe(self) -> None:
        """The disk of the bus is lost: its store goes, then the process."""
        self._signal("nats", signal.SIGSTOP)
        shutil.rmtree(self.var / "nats" / "store", ignore_errors=True)
        self._signal("nats", signal.SIGKILL)

    async def _redeliver(self, service: str) -> None:
        """Every message that a service ever got comes to it again: its places in the streams are taken away."""
        with suppress(nats.errors.Error, OSError):  # the bus may be away: then there is nothing to repeat
            async with self._saboteur() as jetstream:
                for durable in (*consumers_of(service), *feeds_of(service)):
                    with suppress(nats.js.errors.NotFoundError):
                        await jetstream.delete_consumer(durable.stream.name, durable.name)

    def lose_a_message(self, stream: str) -> None:
        """Take the first one out of a stream, which its owner has not asked for."""
        self.portal.call(self._lose, stream)

    async def _lose(self, stream: str) -> None:
        async with self._saboteur() as jetstream:
            await jetstream.delete_msg(stream, 1)

    @asynccontextmanager
    async def _saboteur(self) -> AsyncIterator[JetStreamContext]:
        connection = await nats.connect(
            f"nats://127.0.0.1:{self.nats_port}",
            user=_USER,
            password=self._password,
            allow_reconnect=False,
            error_cb=quiet,
            connect_timeout=2,
        )
        try:
            yield connection.jetstream()
        finally:
            await connection.close()

    def _let_in(self) -> None:
        """A user of the bus who may do everything, as no service may."""
        path = self.var / "nats" / "nats.conf"
        user = f'    {{ user: "{_USER}", password: "{self._password}" }}'
        path.write_text(path.read_text().replace("users = [", f"users = [\n{user}", 1))
        self._signal("nats", signal.SIGHUP)

    def _signal(self, name: str, number: signal.Signals) -> list[int]:
        """Signal a part, and where it is to stop, its children too; the processes that were meant."""
        pid = self.system.pid(name)
        if _parent(pid) != os.getpid():  # it has ended already, and the number may be another's
            return []
        if number == signal.SIGSTOP:
            return signal_group(pid, number)
        _send(pid, number)
        return [pid]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
