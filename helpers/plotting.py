"""House style of every picture: colours that keep their meaning, labels that data cannot break.

Colours that stand side by side (bands, severities, red and green) also differ in lightness, so
that readers with red-green blindness and black-and-white prints can tell them apart.
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BAND_COLOURS", "SEVERITY_COLOURS", "colours_for", "figure", "label"]

INK, MUTED, GRID = "#1b2733", "#66727f", "#dfe4ea"
BLUE, ORANGE, GREEN, RED, PURPLE = "#2f6db3", "#d9822b", "#2f9e8f", "#b5342c", "#a98bcf"
GOLD, TEAL, GREY, BROWN, PINK = "#dba520", "#2a8c8c", "#8a949e", "#8a6144", "#c06c99"
_CYCLE = (BLUE, ORANGE, GREEN, PURPLE, TEAL, GOLD, BROWN, PINK, RED, GREY)

SEVERITY_COLOURS = {
    "critical": "#8f1f1b",
    "high": "#d9622b",
    "medium": "#edc15a",
    "low": "#b9c1c9",
}
BAND_COLOURS = {"high": "#b3362b", "medium": "#e3b341", "low": "#3f93a8"}
_FIXED = {
    "Champions": GREEN,
    "Power Users": BLUE,
    "Casual Users": GREY,
    "At Risk": RED,
    "New Users": GOLD,
    "Churned": INK,
}


def figure(
    *, width: float = 7.0, height: float = 3.6, columns: int = 1, rows: int = 1
) -> "tuple[Figure, list[Axes]]":
    """Return a figure in house style and its axes, row by row.

    ``width`` and ``height`` are inches of the whole figure.
    """
    import matplotlib.pyplot as plt
    from cycler import cycler

    plt.rcParams.update(_STYLE | {"axes.prop_cycle": cycler(color=list(_CYCLE))})
    fig, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", squeeze=False
    )
    return fig, list(axes.ravel())


def colours_for(names: Sequence[str]) -> dict[str, str]:
    """Give each name a colour; a known segment keeps its own whatever else is drawn."""
    chosen = {name: _FIXED[name] for name in names if name in _FIXED}
    free = [colour for colour in _CYCLE if colour not in chosen.values()]
    others = sorted(set(names) - set(chosen))
    chosen |= {name: free[index % len(free)] for index, name in enumerate(others)}
    return {name: chosen[name] for name in names}


def label(text: object, *, width: int = 32) -> str:
    """Make a text from the data safe as a label: no mathtext, no line ends, not too long."""
    plain = "".join(ch if ch.isprintable() else " " for ch in str(text))
    short = plain if len(plain) <= width else plain[: width - 1] + "…"
    return short.replace("$", r"\$")


_STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "figure.dpi": 110,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "font.size": 9.5,
    "legend.frameon": False,
}

warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
