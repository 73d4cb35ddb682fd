"""Compares a scenario of a service with the bare endpoint, alternating under the same load, in separate processes."""

import os
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from embedded import temporary_folder
from embedded.ports import free_port
from embedded.process import Process, Program
from testing import plain_http
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.load import Asked, Measured, get, measure

ROUNDS = 5
SECONDS = 1.0
CONNECTIONS = 16


@dataclass(frozen=True)
class Scenario:
    """`goal` is the least share of the reference's rate, `longest` the most that p99 may be, in seconds."""

    name: str
    request: Asked
    goal: float
    longest: float | None = None


def beside(
    bare: int, service: "Running", scenario: Scenario, *, rounds: int = ROUNDS, seconds: float = SECONDS
) -> Figure:
    """A scenario in turns with the bare endpoint at a port: in short slices, since neighbours come and go."""
    own: list[Measured] = []
    references: list[Measured] = []
    used: list[float] = []
    measure(service.port, scenario.request, connections=CONNECTIONS, seconds=0.5)  # warm
    for _ in range(rounds):
        references.append(measure(bare, get("/"), connections=CONNECTIONS, seconds=seconds))
        before = service.processor_seconds()
        own.append(measure(service.port, scenario.request, connections=CONNECTIONS, seconds=seconds))
        used.append((service.processor_seconds() - before) / seconds)
    shares = [one.rate / other.rate for one, other in zip(own, references, strict=True)]
    rate, least = statistics.median(each.rate for each in own), statistics.median(each.rate for each in references)
    bounds = [Bound("of the reference", statistics.median(shares), scenario.goal, form="{:.3f}")]
    if scenario.longest is not None:
        longest = statistics.median(each.p99 for each in own) * 1000
        bounds.append(Bound("ms p99", longest, scenario.longest * 1000, most=True, form="{:.1f}"))
    return Figure(
        scenario.name,
        tuple(bounds),
        f"{rate:,.0f}/s against {least:,.0f}/s",
        _limit(statistics.median(used)),
        (min(shares), max(shares)),
    )


def _limit(processor: float) -> str:
    """By what the service's process took of one core."""
    share = f"{processor * 100:.0f} % of one core"
    return f"the service's process ({share})" if processor > 0.6 else f"what it waits for ({share} in its process)"


@dataclass(frozen=True)
class Running:
    """A program that answers at a port."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def reference() -> Iterator[int]:
    """The port of the bare endpoint, in a process of its own."""
    port = free_port()
    with running("reference", ["-m", "tests.benchmarks.load", str(port)], {}, port, "/"):
        yield port


@contextmanager
def running(name: str, arguments: list[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[Running]:
    """A Python program, from when it answers until the end of the block."""
    with temporary_folder() as folder:
        inherited = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
        program = Program(
            (sys.executable, *arguments), folder / f"{name}.log", environment={**inherited, **environment}
        )
        process = Process(program)
        process.start()
        try:
            process.wait_until(lambda: _answers(port, path), 20, f"{name} answers")
            yield Running(port, process.pid)
        finally:
            process.stop()


def environment(port: int, dsn: str, bus: str, master: str, url: str) -> Mapping[str, str]:
    """What a service needs; the bus lets everybody in."""
    return {
        "TRADEHALL_SERVICE_PORT": str(port),
        "TRADEHALL_POSTGRES_DSN": dsn,
        "TRADEHALL_NATS_URL": bus,
        "TRADEHALL_NATS_PASSWORD": "unused",
        "TRADEHALL_MASTER_KEY": master,
        "TRADEHALL_PUBLIC_URL": url,
    }


def _answers(port: int, path: str) -> bool:
    try:
        return plain_http.get(f"http://127.0.0.1:{port}{path}", timeout=1).status_code == 200
    except httpx2.TransportError:
        return False
