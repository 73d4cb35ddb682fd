"""All scenarios in one picture: how many times as good as its goal each of them is."""

from collections.abc import Sequence
from pathlib import Path

import pygal
from pygal.style import Style

from tests.benchmarks.figures import Figure

_REACHED, _MISSED = "#1f6f5c", "#b3261e"
_STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#2b2b2b",
    foreground_strong="#000000",
    foreground_subtle="#8a8a8a",
    font_family="sans-serif",
    label_font_size=12,
    major_label_font_size=12,
    title_font_size=16,
    opacity="1",
)


def plot(figures: Sequence[Figure], path: Path) -> None:
    """Write an SVG without script: a bar for each scenario on a logarithmic scale, the goal at 1."""
    chart = pygal.HorizontalBar(
        js=(),
        style=_STYLE,
        logarithmic=True,
        show_legend=False,
        range=(min(0.5, *(figure.times * 0.8 for figure in figures)), max(figure.times for figure in figures)),
        width=900,
        height=110 + 30 * len(figures),
        title="Times as good as the goal (1 is the goal; logarithmic)",
        disable_xml_declaration=True,
    )
    chart.x_labels = [f"{figure.scenario}: {figure.times:.1f}" for figure in reversed(figures)]
    bars = [{"value": figure.times, "color": _REACHED if figure.reached else _MISSED} for figure in reversed(figures)]
    chart.add("times", bars)
    path.write_text(chart.render(is_unicode=True) + "\n")
