"""Measures everything: `make bench`, or `python -m tests.benchmarks NAME...` for some; writes the table and the plot
of a whole run below docs/."""

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.figures import Figure, table
from tests.benchmarks.plot import plot

SCENARIOS = {
    "spine": "The whole system",
    "tokens": "Identity",
    "sign_ins": "Identity",
    "life_cycle": "Identity",
    "organizations": "Organizations",
    "burst": "Organizations",
    "lag": "Organizations",
    "deals": "Platforms",
    "platforms": "Platforms",
    "pages": "The portal",
}
"""Modules beside this one, by the heading that they stand under."""
_PACKAGES = ("fastapi", "uvicorn", "pydantic", "psycopg", "eventsourcing", "nats-py", "faststream", "cryptography")
_DOCUMENT = Path("docs/benchmarks.md")
_PLOT = Path("docs/benchmarks.svg")
_BEGIN, _END = "<!-- figures: written by make bench -->\n", "<!-- end of figures -->\n"


def main(names: list[str]) -> None:
    """Print each figure as soon as it is there."""
    machine = _machine()
    print(machine)
    found: dict[str, list[Figure]] = {}
    for name in names or SCENARIOS:
        for figure in importlib.import_module(f"tests.benchmarks.{name}").figures():
            found.setdefault(SCENARIOS[name], []).append(figure)
            print(figure, flush=True)
    if not names:
        _write(machine, found)


def _machine() -> str:
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {memory:.0f} GiB, {platform.machine()}, load average "
        f"{os.getloadavg()[0]:.1f} at the start; Python {platform.python_version()}, {packages}"
    )


def _write(machine: str, found: dict[str, list[Figure]]) -> None:
    tables = "\n".join(f"### {heading}\n\n{table(figures)}" for heading, figures in found.items())
    before, _, rest = _DOCUMENT.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    picture = f"![How far each goal is reached]({_PLOT.name})"
    _DOCUMENT.write_text(f"{before}{_BEGIN}{machine}.\n\n{picture}\n\n{tables}{_END}{after}")
    plot([figure for figures in found.values() for figure in figures], _PLOT)


if __name__ == "__main__":
    main(sys.argv[1:])
