"""Small SVG pictures, with the text as text."""

import re

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "bench",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from .report import PICTURES

COLOURS = ("#1f6f8b", "#d1603d", "#6b8f3a", "#7a5195", "#b8860b")


def dots(panels, name):
    """One panel a measure, one line a server, a dot for each transport. Logarithmic: the servers are decades apart."""
    figure, axes = plt.subplots(1, len(panels), figsize=(11, 2.6), sharey=True)
    for at, (title, transports) in zip(axes, panels.items()):
        for colour, (transport, values) in zip(COLOURS[: len(transports)], transports.items(), strict=True):
            names = list(values)[::-1]
            filled = colour if transport == "pipes" else "none"
            at.scatter(
                [values[n] for n in names], names, s=34, facecolors=filled, edgecolors=colour, label=transport, zorder=3
            )
        at.set(xscale="log", title=title)
        at.margins(x=0.08, y=0.15)
        _plain(at.xaxis)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="lower left", frameon=False, ncols=2)
    return _save(figure, name)


def curves(panels, name, across):
    """One panel a measure, one curve a series, over what grows. Both axes are logarithmic: flat is flat, and a straight
    line at 45 degrees is linear growth. `panels` has for each title a dictionary of series, lists of pairs."""
    figure, axes = plt.subplots(1, len(panels), figsize=(3.6 * len(panels), 2.8), squeeze=False)
    for at, (title, series) in zip(axes[0], panels.items()):
        for colour, (label, points) in zip(COLOURS[: len(series)], series.items(), strict=True):
            at.plot(*zip(*points), marker="o", markersize=3.5, color=colour, label=label)
        at.set(xscale="log", yscale="log", title=title, xlabel=across)
        _plain(at.xaxis)
        _plain(at.yaxis)
        if len(series) > 1:
            at.legend(loc="best", frameon=False)
    return _save(figure, name)


def _plain(axis):
    """Decades, written out, and one tick between them where there are few. More would be most of the picture's bytes."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 3) if high / low < 300 else (1,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.grid(True, color="#dddddd")


def _save(figure, name):
    """Gives the picture's path as the document says it."""
    PICTURES.mkdir(exist_ok=True)
    figure.tight_layout()
    figure.savefig(PICTURES / name, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    plt.close(figure)
    # What it writes for people to read takes room here, and nobody reads it.
    text = re.sub(r"\s*\n\s*", "\n", PICTURES.joinpath(name).read_text())
    PICTURES.joinpath(name).write_text(re.sub(r"<!--.*?-->\n|<metadata>.*?</metadata>\n", "", text, flags=re.DOTALL))
    return f"{PICTURES.name}/{name}"
