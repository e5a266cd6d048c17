"""Draws what `benchmarks/growth.py` has measured, given as JSON, into the file that is named.

Run by the Python of `benchmarks/.venv`, which has matplotlib.
"""

import io
import json
import sys
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter, NullFormatter
from PIL import Image

# In colours that also the colour-blind tell apart: histories as solid lines, lists as broken ones.
LINES = {
    "thread messages": {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    "room messages": {"color": "#009e73", "linestyle": "-", "marker": "s"},
    "changes": {"color": "#56b4e9", "linestyle": "-", "marker": "^"},
    "threads": {"color": "#d55e00", "linestyle": "--", "marker": "o"},
    "materials": {"color": "#cc79a7", "linestyle": "--", "marker": "s"},
    "videos": {"color": "#e69f00", "linestyle": "--", "marker": "^"},
    "rooms": {"color": "#555555", "linestyle": "--", "marker": "D"},
}


def draw(axes: Any, figures: list[dict[str, Any]], column: str) -> None:
    """Each line as often its own first point."""
    for name, style in LINES.items():
        points = sorted((f[column], f["own"] + f["database"]) for f in figures if f["name"] == name)
        if points:
            first = points[0][1]
            label = f"{name} ({'history' if style['linestyle'] == '-' else 'list'})"
            axes.plot(
                [at for at, _ in points],
                [cost / first for _, cost in points],
                label=label,
                markersize=5,
                linewidth=1.6,
                **style,
            )
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
        )
        axis.set_minor_formatter(NullFormatter())
    axes.set_xticks(sorted({figure[column] for figure in figures}))
    axes.minorticks_off()
    axes.axhline(1, color="#bbbbbb", linewidth=0.8, zorder=0)
    axes.grid(color="#eeeeee", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main(measured: dict[str, list[dict[str, Any]]], file: str) -> None:
    pyplot.rcParams |= {"font.size": 9, "axes.titlesize": 10, "axes.edgecolor": "#888888"}
    plot, panels = pyplot.subplots(2, len(measured), figsize=(9, 7.2), sharey="row", squeeze=False)
    for (upper, lower), (name, figures) in zip(panels.T, measured.items(), strict=True):
        largest = max(figure["rows"] for figure in figures)
        draw(upper, [figure for figure in figures if figure["page"] == 1], "rows")
        upper.set(title=f"{name}: the first page", xlabel="rows of one's own, messages in the history")
        draw(lower, [figure for figure in figures if figure["rows"] == largest], "page")
        lower.set(title=f"{name}: turning pages of {largest:,} rows", xlabel="page")
    panels[0][0].set_ylabel("cost ÷ that at the fewest rows")
    panels[1][0].set_ylabel("cost ÷ that of page 1")
    labels = panels[0][0].get_legend_handles_labels()
    plot.legend(*labels, loc="lower center", ncols=4, frameon=False)
    plot.tight_layout(rect=(0, 0.07, 1, 1))
    drawn = io.BytesIO()
    plot.savefig(drawn, dpi=100)
    # Few colours, so that it is small.
    Image.open(drawn).convert("RGB").quantize(48, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)


if __name__ == "__main__":
    main(json.load(sys.stdin), sys.argv[1])
