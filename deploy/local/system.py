"""All of Tradehall as one object: start, stop, addresses."""

import errno
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from contracts.nats_config import MAINTAINER, OBSERVER, Cluster
from deploy.gateway import openapi
from deploy.local.bus import bus_configuration
from deploy.local.demo import Simulators
from deploy.local.folder import VarFolder, postgres_in
from deploy.local.gateway_and_mailbox import Caddy, Mailbox
from deploy.local.services import Service, ServiceEnvironment, built_services, erasure_list, numbered
from deploy.local.settings import RunnerSettings
from deploy.local.supervisor import Supervisor
from embedded import EmbeddedError, Nats, Postgres, free_port
from embedded.ports import bind_error

_READY_WITHIN = 60.0  # seconds, on a slow machine at its first start
_OLD_GATEWAY_GONE_WITHIN = 3.0

PortMapping = Callable[[str, str, int], int]
"""From (service, server (`nats` or `postgres`), its port) to the port that the service uses."""


class Tradehall:
    """The system in one folder: PostgreSQL, NATS, the mailbox, every service that is built, and the gateway.

    `port` 0 takes any free one. `environment` are exported variables. `services` names those
    to start, by default all. `demo` starts the MetaTrader simulators too. `say` prints a line for the user.
    `replicas` of a service and `bus_servers`, in one cluster, are numbered from the second on: `identity-2`, `nats-3`.
    `port_mapping` puts a proxy between services and their servers.
    Start and stop once; `info` is the content of local.json.
    """

    def __init__(
        self,
        var: Path,
        port: int = 0,
        *,
        bind: str = "127.0.0.1",
        public_url: str | None = None,
        environment: Mapping[str, str] | None = None,
        services: Sequence[str] | None = None,
        demo: bool = False,
        replicas: int = 1,
        bus_servers: int = 1,
        say: Callable[[str], None] = lambda line: None,
        port_mapping: PortMapping = lambda service, server, port: port,
    ) -> None:
        self._settings = RunnerSettings(var, port, bind, public_url)
        self._environment = os.environ if environment is None else environment
        self._services = built_services() if services is None else services
        self._demo = demo
        self._replicas = range(1, replicas + 1)
        self._bus = [numbered("nats", number) for number in range(1, bus_servers + 1)]
        self._say = say
        self._detour = port_mapping
        self._var = VarFolder(var)
        self._supervisor = Supervisor(say, self._announce)
        self._cancelled = threading.Event()
        self._facts: dict[str, Any] = {}

    @property
    def info(self) -> dict[str, Any]:
        """The content of local.json: url, nats_url, postgres_dsn, mailbox_url, pids (current ones)."""
        pids = self._supervisor.pids()
        return {**self._facts, "pids": {name: pid for name, pid in pids.items() if name not in ("mailbox", "demo")}}

    def pid(self, name: str) -> int:
        """The present process id of `postgres`, `nats`, `caddy`, `mailbox` or a service, or of a numbered one."""
        return self._supervisor.pid(name)

    @property
    def openapi(self) -> Path:
        """The document that the gateway serves."""
        return self._var.path / "caddy" / "openapi.json"

    def cancel(self) -> None:
        """Make a `start` in progress return early; call `stop` afterwards. Safe in a signal handler."""
        self._cancelled.set()

    def start(self) -> Self:
        """Return when the gateway's /health is 200; raises EmbeddedError, with everything stopped."""
        self._var.lock()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything in order within ten seconds, and unlock the folder."""
        services = [numbered(name, number) for name in self._services for number in self._replicas]
        self._supervisor.stop(("caddy", "demo", *services), ("mailbox", *self._bus, "postgres"))
        self._var.unlock()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        port = self._gateway_port()
        url = self._settings.public_url or f"http://localhost:{port}"
        services = {name: [Service(name, self._var, number) for number in self._replicas] for name in self._services}
        mailbox = Mailbox(self._var)
        bus = self._nats(services)
        for name, nats in bus.items():
            self._supervisor.start(name, nats.process, nats.is_ready)
        self._supervisor.start("mailbox", mailbox.process(), mailbox.is_ready)
        caddy = Caddy(self._var, self._settings.bind, port, self._environment.get("TRADEHALL_FRONT_PROXIES", ""))
        gateway = caddy.process({name: [one.address for one in replicas] for name, replicas in services.items()})
        self._supervisor.start("caddy", gateway, caddy.is_up)
        postgres = self._postgres()
        dsns = {name: postgres.create_database(name, self._var.secrets.secret(f"{name}-postgres")) for name in services}
        running = [one for replicas in services.values() for one in replicas]
        for one in running:
            ports = [self._detour(one.label, name, nats.port) for name, nats in bus.items()]
            nats_url = ",".join(f"nats://127.0.0.1:{each}" for each in ports)
            store = self._detour(one.label, "postgres", postgres.port)
            around = ServiceEnvironment(nats_url, url, caddy.url, mailbox.smtp_port, self._environment)
            dsn = dsns[one.name].replace(f":{postgres.port}/", f":{store}/")
            self._supervisor.start(one.label, one.process(dsn, around), one.is_ready)
        simulators = Simulators(self._var) if self._demo else None
        if simulators:
            self._supervisor.start("demo", simulators.process(), simulators.is_ready)
        self._wait_ready("caddy", "mailbox", *bus, *(one.label for one in running), *(["demo"] if simulators else []))
        openapi.write({name: replicas[0].port for name, replicas in services.items()}, caddy.pages)
        observer = self._var.secrets.secret(f"{OBSERVER}-nats")
        self._facts = {
            "url": url,
            "nats_url": ",".join(f"nats://{OBSERVER}:{observer}@127.0.0.1:{nats.port}" for nats in bus.values()),
            "postgres_dsn": dsns,
            "mailbox_url": mailbox.url,
            "erasure_list": str(erasure_list(self._var.path, self._environment)),
        }
        if simulators:
            self._facts["demo"] = simulators.places
        self._announce()

    def _wait_ready(self, *names: str) -> None:
        self._supervisor.wait_ready(names, _READY_WITHIN, self._cancelled)

    def _announce(self) -> None:
        if self._facts:
            self._var.announce(self.info)

    def _nats(self, services: Collection[str]) -> dict[str, Nats]:
        """The bus's servers by name, in one cluster where there are several."""
        for user in (*services, OBSERVER, MAINTAINER):
            self._var.secrets.secret(f"{user}-nats")
        routes = {name: self._var.port(f"{name}-cluster") for name in self._bus} if len(self._bus) > 1 else {}
        servers = {}
        for name in self._bus:
            port = self._var.port(name)
            configuration = bus_configuration(self._var.path, services, port, name, self._cluster(name, routes))
            servers[name] = Nats(self._var.folder(name), configuration, port, self._var.log(name))
            servers[name].prepare()
        return servers

    def _cluster(self, name: str, routes: Mapping[str, int]) -> Cluster | None:
        if not routes:
            return None
        others = tuple(f"127.0.0.1:{port}" for server, port in routes.items() if server != name)
        return Cluster("tradehall", name, routes[name], others, self._var.secrets.secret("nats-cluster"))

    def _postgres(self) -> Postgres:
        postgres = postgres_in(self._var)
        postgres.prepare()
        if postgres.notice:
            self._say(postgres.notice)
        self._supervisor.start("postgres", postgres.process, postgres.is_ready)
        self._wait_ready("postgres")
        return postgres

    def _gateway_port(self) -> int:
        """The port to listen on; raises EmbeddedError when somebody else does (Caddy would share it)."""
        port, bind = self._settings.port, self._settings.bind
        if port == 0:
            return self._var.port("gateway")
        deadline = time.monotonic() + _OLD_GATEWAY_GONE_WITHIN
        while error := bind_error(port, bind) or _on_the_other_loopback(port, bind):
            if error.errno != errno.EADDRINUSE:
                raise EmbeddedError(
                    f"the gateway cannot listen on {bind}, port {port} ({error.strerror}): choose another "
                    "TRADEHALL_PORT or TRADEHALL_BIND"
                )
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"port {port} is taken by another program: end that one, or choose another port, such as "
                    f"TRADEHALL_PORT={free_port()}"
                )
            time.sleep(0.1)
        return port


def _on_the_other_loopback(port: int, bind: str) -> OSError | None:
    """`localhost` means ::1 first, so another program there would get our requests."""
    error = bind_error(port, "::1") if bind == "127.0.0.1" else None
    return error if error and error.errno == errno.EADDRINUSE else None
