"""The result of a scenario, as a row of the table and a bar of the plot."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """A measured value beside its goal: at least that, or with `most` at most. `form` formats both."""

    what: str
    value: float
    goal: float
    most: bool = False
    form: str = "{:.2f}"

    @property
    def times(self) -> float:
        """How many times as good as the goal."""
        if self.most:
            return self.goal / max(self.value, self.goal / 1000)
        return self.value / self.goal

    def __str__(self) -> str:
        return f"{self.form.format(self.value)} {self.what}"

    @property
    def asked(self) -> str:
        return f"at {'most' if self.most else 'least'} {self.form.format(self.goal)}"


@dataclass(frozen=True)
class Figure:
    """`beside` is the reference of the same run, `spread` is of the rounds' first values, `limit` what
    the scenario is limited by."""

    scenario: str
    bounds: tuple[Bound, ...]
    beside: str
    limit: str
    spread: tuple[float, float] | None = None

    @property
    def times(self) -> float:
        """How many times as good as the hardest of its goals."""
        return min(bound.times for bound in self.bounds)

    @property
    def reached(self) -> bool:
        return self.times >= 1

    @property
    def cells(self) -> Sequence[str]:
        """Of the table's row."""
        form = self.bounds[0].form.format
        return (
            self.scenario,
            ", ".join(map(str, self.bounds)),
            ", ".join(bound.asked for bound in self.bounds),
            "" if self.spread is None else f"{form(self.spread[0])} to {form(self.spread[1])}",
            self.beside,
            self.limit,
            "reached" if self.reached else "**not reached**",
        )

    def __str__(self) -> str:
        scenario, value, goal, rounds, beside, limit, verdict = self.cells
        spread = f"; rounds {rounds}" if rounds else ""
        return f"{scenario}: {value} ({goal}{spread}), {beside}, limited by {limit}: {verdict.strip('*')}"


HEAD = ("scenario", "figure", "goal", "rounds", "reference in the same run", "limited by", "result")


def table(figures: Iterable[Figure]) -> str:
    """In Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *(figure.cells for figure in figures)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def show(figures: Iterable[Figure]) -> None:
    """Print each as soon as it is measured."""
    for figure in figures:
        print(figure, flush=True)


def p99(seconds: Sequence[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(seconds, n=100)[98] * 1000
