"""Examines files with their mutants, and reports."""

import time
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.running import drop_databases, import_before, one_server, passes

ROOT = Path(__file__).resolve().parents[2]
LEAST = 0.85
REPORT = ROOT / "build" / "mutation.md"


@dataclass(frozen=True)
class Target:
    """A file, the tests that should notice a change of it, and survivors with their reasons.

    A survivor is named by the line, as it is and as it becomes: `Class.method: before -> after`.
    """

    file: str
    tests: tuple[str, ...]
    postgres: bool = False
    survivors: Mapping[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """Its name for imports: libs and services are folders of packages."""
        parts = Path(self.file).with_suffix("").parts
        return ".".join(parts[1:] if parts[0] in ("libs", "services") else parts)


@dataclass(frozen=True)
class Outcome:
    target: Target
    killed: int
    survived: tuple[Mutant, ...]

    @property
    def all(self) -> int:
        return self.killed + len(self.survived)


def targets(words: list[str]) -> Iterator[Target]:
    """Those whose path holds one of the words; all without words."""
    stored: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "targets.toml").read_text())["targets"]
    for one in stored:
        if not words or any(word in one["file"] for word in words):
            yield Target(one["file"], tuple(one["tests"]), one.get("postgres", False), one.get("survivors", {}))


def examine(target: Target) -> Outcome:
    """Raises SystemExit when the tests fail without any change."""
    path = ROOT / target.file
    source = path.read_text()
    import_before(target.module, path, target.tests)
    with one_server() if target.postgres else nullcontext() as server:
        started = time.monotonic()
        if not passes(target.module, path, source, target.tests, 300):
            raise SystemExit(f"{target.file}: its tests fail without a mutation")
        timeout = 10 + 10 * (time.monotonic() - started)
        survived, number = [], 0
        for number, mutant in enumerate(mutants(source), start=1):
            if passes(target.module, path, mutant.source, target.tests, timeout):
                survived.append(mutant)
                print(f"  {target.file}:{mutant.line} {mutant.operator}: {name_of(mutant)}", flush=True)
            if server is not None and number % 20 == 0:
                drop_databases(server)
    print(f"{target.file}: {number - len(survived)} of {number} in {time.monotonic() - started:.0f} s", flush=True)
    return Outcome(target, number - len(survived), tuple(survived))


def name_of(mutant: Mutant) -> str:
    return f"{mutant.place}: {mutant.before} -> {mutant.after}"


def report(outcomes: list[Outcome]) -> str:
    """A Markdown table, and the survivors."""
    lines = ["| file | mutants | killed | |", "|---|---:|---:|---:|"]
    for one in outcomes:
        lines.append(f"| `{one.target.file}` | {one.all} | {one.killed} | {one.killed / one.all:.1%} |")
    number, killed = sum(one.all for one in outcomes), sum(one.killed for one in outcomes)
    lines += [f"| all | {number} | {killed} | {killed / number:.1%} |", "", "| survivor | reason |", "|---|---|"]
    for one in outcomes:
        for mutant in one.survived:
            reason = one.target.survivors.get(name_of(mutant), "unexplained")
            lines.append(f"| `{one.target.file}`: `{name_of(mutant)}` | {reason} |")
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    # Each in a new process: one file's tests import the next file.
    with ProcessPoolExecutor(1, max_tasks_per_child=1) as pool:
        outcomes = list(pool.map(examine, targets(words)))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report(outcomes))
    print(f"\n{REPORT.read_text()}")
    unexplained = any(name_of(mutant) not in one.target.survivors for one in outcomes for mutant in one.survived)
    few = sum(one.killed for one in outcomes) < LEAST * sum(one.all for one in outcomes)
    return int(unexplained or few)
