"""Summarise measured coverage as Markdown, by `python -m deploy.docs.coverage PATH`, and print it."""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import coverage

Totals = Mapping[str, int]


def rows(files: Mapping[str, Totals]) -> Iterator[tuple[str, int, float, float]]:
    """For each package and for the whole: name, lines, covered lines in percent, covered branches in percent."""
    packages: defaultdict[str, list[Totals]] = defaultdict(list)
    for path, totals in files.items():
        packages["/".join(Path(path).parent.parts[:2])].append(totals)
    for name, members in [*sorted(packages.items()), ("total", list(files.values()))]:
        yield name, _sum(members, "num_statements"), _lines(members), _branches(members)


def _sum(members: list[Totals], key: str) -> int:
    return sum(each[key] for each in members)


def _lines(members: list[Totals]) -> float:
    return 100 * _sum(members, "covered_lines") / max(_sum(members, "num_statements"), 1)


def _branches(members: list[Totals]) -> float:
    count = _sum(members, "num_branches")
    return 100 * _sum(members, "covered_branches") / count if count else 100.0


def markdown(files: Mapping[str, Totals]) -> str:
    """A table with one row for each package."""
    head = ["| package | lines | lines covered | branches covered |", "|---|---:|---:|---:|"]
    body = [
        f"| {name} | {count:,} | {lines:.1f} % | {branches:.1f} % |" for name, count, lines, branches in rows(files)
    ]
    return "\n".join([*head, *body, ""])


def _measured() -> dict[str, Totals]:
    data = coverage.Coverage()
    data.load()
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        data.json_report(outfile=report.name)
        files: dict[str, dict[str, Totals]] = json.loads(Path(report.name).read_text())["files"]
    return {path: each["summary"] for path, each in files.items()}


if __name__ == "__main__":
    table = markdown(_measured())
    Path(sys.argv[1]).write_text(table)
    print(table)
