"""Runs of one or many seeds on one system."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

from deploy.local.settings import ROOT
from tests.faults.actors import Crowd
from tests.faults.breakable_system import BreakableSystem
from tests.faults.inspection import Inspection
from tests.faults.invariants import all_hold
from tests.faults.plan import Fault, Plan
from tests.faults.retrying import Broken
from tests.faults.subscriber import Subscriber

_LONGEST = 180.0  # seconds for all actors
SEEDS_OF_ONE_SYSTEM = 20
KEPT = ROOT / "var" / "faults"


@dataclass
class Outcome:
    """`events` are those that the subscriber got, `repeated` how often it got one again; `broken` says which invariant
    did not hold, `logs` where the logs were kept then."""

    plan: Plan
    acknowledged: int = 0
    events: int = 0
    repeated: int = 0
    seconds: float = 0.0
    broken: str | None = None
    logs: Path | None = None

    def __str__(self) -> str:
        if self.broken is None:
            return f"seed {self.plan.seed}: {self.acknowledged} operations, {self.seconds:.1f} s"
        return "\n".join(
            [
                f"seed {self.plan.seed} FAILED: {self.broken}",
                *(f"  {fault}" for fault in self.plan.faults),
                f"  logs: {self.logs}",
                f"  repeat with: make faults SEED={self.plan.seed}",
            ]
        )


class Trial:
    """A system with a downstream subscriber, on which seeds are run until one fails."""

    def __init__(self, battered: BreakableSystem, inspection: Inspection, subscriber: Subscriber) -> None:
        self.battered = battered
        self.inspection = inspection
        self._subscriber = subscriber
        self._faults = 0

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Trial"]:
        with ExitStack() as opened:
            battered = opened.enter_context(BreakableSystem.running())
            inspection = opened.enter_context(Inspection.of(battered))
            observer = battered.driver.info["nats_url"].rpartition(":")[0]
            subscriber = Subscriber(f"{observer}:{battered.downstream_port}")
            opened.callback(battered.portal.start_task_soon(subscriber.run).cancel)
            yield cls(battered, inspection, subscriber)

    def run(self, seed: int) -> Outcome:
        return self.follow(Plan.of(seed))

    def follow(self, plan: Plan) -> Outcome:
        outcome = Outcome(plan)
        started, read, repeated = time.monotonic(), len(self._subscriber.read), self._subscriber.repeated
        crowd = Crowd(self.battered.driver, plan)
        try:
            self._faults += len(plan.faults)
            self._act(plan, crowd)
            all_hold(self.inspection, crowd.ledger, self._subscriber, self._faults)
        except Exception as error:  # whatever it is, it is the outcome
            outcome.broken = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
            outcome.logs = self._keep_logs(plan.seed)
        outcome.acknowledged = crowd.ledger.operations
        outcome.events = len(self._subscriber.read) - read
        outcome.repeated = self._subscriber.repeated - repeated
        outcome.seconds = time.monotonic() - started
        return outcome

    def _act(self, plan: Plan, crowd: Crowd) -> None:
        faults = [
            threading.Thread(target=self._strike, args=(fault, crowd), daemon=True, name=str(fault))
            for fault in plan.faults
        ]
        crowd.start()
        for thread in faults:
            thread.start()
        for thread in faults:
            thread.join(_LONGEST)
        crowd.finish()
        self.battered.heal()

    def _strike(self, fault: Fault, crowd: Crowd) -> None:
        while not crowd.ledger.reached(fault.after, 0.5) and crowd.at_work:
            pass
        self.battered.do(fault)

    def _keep_logs(self, seed: int) -> Path:
        kept = KEPT / f"seed-{seed}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.battered.var / "log", kept)
        return kept


def work(todo: "Queue[int]", done: "Queue[Outcome]") -> None:
    """Run the seeds that are to do; after a failure, and now and then, on a new system."""
    seed = _next(todo)
    while seed is not None and _wanted():
        with Trial.running() as trial:
            for _ in range(SEEDS_OF_ONE_SYSTEM):
                outcome = trial.run(seed)
                done.put(outcome)
                seed = _next(todo)
                if outcome.broken is not None or seed is None or not _wanted():
                    break


def _wanted() -> bool:
    """Whether the one that started this process is still there."""
    parent = parent_process()
    return parent is None or parent.is_alive()


def _next(todo: "Queue[int]") -> int | None:
    try:
        return todo.get(timeout=1)
    except Empty:
        return None
