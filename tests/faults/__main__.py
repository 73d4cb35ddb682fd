"""`python -m tests.faults`: run seeds, report each, and print a table."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from queue import Empty

from tests.faults.run import Outcome, work


def main() -> int:
    """The exit code: 1 where a seed failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one alone")
    parser.add_argument("--seeds", type=int, default=20, help="run so many")
    parser.add_argument("--first", type=int, default=0, help="and begin with this one")
    parser.add_argument("--workers", type=int, default=2, help="systems at a time")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds) if asked.seed is None else [asked.seed]
    started = time.monotonic()
    outcomes = []
    for outcome in _spread(list(seeds), min(asked.workers, len(seeds))):
        outcomes.append(outcome)
        print(outcome, flush=True)
    print(table(outcomes, time.monotonic() - started))
    return 1 if any(one.broken for one in outcomes) or len(outcomes) < len(seeds) else 0


def _spread(seeds: list[int], workers: int) -> Iterator[Outcome]:
    """Each worker has a system of its own. Ends when all seeds are reported, or all workers are gone."""
    context = get_context("spawn")
    todo, done = context.Queue(), context.Queue()
    for seed in seeds:
        todo.put(seed)
    processes = [context.Process(target=work, args=(todo, done), daemon=True) for _ in range(workers)]
    for process in processes:
        process.start()
    told = 0
    while told < len(seeds) and (any(process.is_alive() for process in processes) or not done.empty()):
        try:
            yield done.get(timeout=1)
            told += 1
        except Empty:
            continue
    for process in processes:
        process.join()


def table(outcomes: list[Outcome], seconds: float) -> str:
    """What a run has shown, as Markdown."""
    faults: Counter[str] = sum((Counter(fault.kind for fault in one.plan.faults) for one in outcomes), Counter())
    failed = [str(one.plan.seed) for one in sorted(outcomes, key=lambda one: one.plan.seed) if one.broken]
    rows = {
        "seeds": len(outcomes),
        "operations acknowledged": sum(one.acknowledged for one in outcomes),
        "events": sum(one.events for one in outcomes),
        "events that came to the subscriber again": sum(one.repeated for one in outcomes),
        **{f"fault: {kind}": times for kind, times in sorted(faults.items())},
        "minutes": f"{seconds / 60:.1f}",
        "failed seeds": ", ".join(failed) or "none",
    }
    return "\n".join(["| what | how many |", "|---|---|", *(f"| {what} | {many} |" for what, many in rows.items())])


if __name__ == "__main__":
    sys.exit(main())
