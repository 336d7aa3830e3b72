"""Picture of the hierarchy, and what stands in its place where there is nothing to draw."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.plotting import BLUE, INK, MUTED, ORANGE, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["nothing_to_draw", "plot_tree"]


def plot_tree(tree: pd.DataFrame, *, n_clusters: int) -> "Figure":
    """Draw the uppermost branches of the Ward hierarchy and where it is cut.

    Parameters
    ----------
    tree : DataFrame
        From :func:`helpers.segments.algorithms.compare_algorithms`: corners of each merger, and
        how many accounts hang below each leaf.
    n_clusters : int
        Clusters left when the tree is cut.
    """
    fig, (ax,) = figure(width=8.6, height=3.4)
    corners = tree.dropna(subset="y0") if "y0" in tree else tree
    if len(corners) < 2:
        return nothing_to_draw(fig, "no hierarchy: there are no clusters")
    heights = corners["y1"].sort_values(ascending=False).to_numpy(float)
    upper = heights[n_clusters - 2] if 2 <= n_clusters <= len(heights) + 1 else heights[0]
    lower = heights[n_clusters - 1] if n_clusters - 1 < len(heights) else 0.0
    cut = (upper + lower) / 2
    across, up = (corners[[f"{axis}{i}" for i in range(4)]].to_numpy(float) for axis in "xy")
    for xs, ys in zip(across, up, strict=True):
        ax.plot(xs, ys, color=INK if ys[1] > cut else BLUE, lw=1.3)
    ax.axhline(cut, color=ORANGE, ls="--", lw=1.2)
    ax.annotate(
        f"cut: {n_clusters} groups", (1.0, cut), xycoords=("axes fraction", "data"),
        xytext=(0, 3), textcoords="offset points", ha="right", color=ORANGE, fontsize=8.5,
    )  # fmt: skip
    leaves = tree.dropna(subset="leaf")
    ax.set_xticks(leaves["leaf"], [f"{size:.0f}" for size in leaves["n_leaf"]], fontsize=8)
    ax.grid(visible=False, axis="x")
    ax.set(xlabel="accounts in each branch", ylabel="distance at the merger", ylim=(0, None))
    ax.set_title(_steps(heights, n_clusters))
    return fig


def _steps(heights: NDArray[np.float64], n_clusters: int) -> str:
    """Say whether the longest step of the tree lies where it is cut."""
    longest = int(np.argmax(heights[:-1] - heights[1:])) + 2
    if longest == n_clusters:
        return f"The hierarchy, too, has its longest step at {n_clusters} groups"
    return f"The hierarchy has its longest step at {longest} groups, not at {n_clusters}"


def nothing_to_draw(fig: "Figure", why: str) -> "Figure":
    """Turn a figure into a sentence that says why there is nothing to draw."""
    fig.clear()
    fig.set_size_inches(7.0, 0.6)
    ax = fig.add_subplot()
    ax.set_axis_off()
    ax.text(0.0, 0.5, f"Nothing to draw: {why}.", color=MUTED, va="center")
    return fig
