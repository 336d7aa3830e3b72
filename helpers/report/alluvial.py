"""Who moved where, as bands that flow from the segments of then to those of now."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.plotting import INK, MUTED, colours_for, figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_flows"]

CHURNED = "Churned"
GAP = 0.03
"""White space between two segments, as a share of all accounts."""
BAR = 0.03
STEPS = 40


def plot_flows(flows: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the accounts that flow from each segment to each.

    Parameters
    ----------
    flows : DataFrame
        From :func:`helpers.report.leader_moves.flows`. Flows that are hidden are left out, and
        the title says how many; it then says no total, since what is drawn is a part.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        Bands in the colour of the segment they come from, those of accounts that stayed paler.
    """
    if ax is None:
        _, (ax,) = figure(width=8.6, height=4.6)
    ax.set_axis_off()
    known = flows.dropna(subset="n_accounts")
    known = known[known["n_accounts"].astype(float) > 0]
    if known.empty:
        ax.text(0.0, 0.5, "Nothing to draw: there are no moves to show.", color=MUTED)
        return ax
    known = known.assign(n=known["n_accounts"].astype(float))
    names = _in_order(known)
    colours = colours_for(names)
    gap = GAP * float(known["n"].sum())
    left = _stack(known.groupby("segment_from")["n"].sum(), names, gap)
    right = _stack(known.groupby("segment_to")["n"].sum(), names, gap)
    whole = not flows["hidden"].astype(bool).any()
    _bars(ax, left, colours, side=0.0, counted=whole)
    _bars(ax, right, colours, side=1.0, counted=whole)
    _bands(ax, known, names, left, right, colours)
    total = max(top for _, top in [*left.values(), *right.values()])
    ax.set(xlim=(-0.36, 1.36), ylim=(total * 1.02, -0.09 * total))
    for side, text, where in ((0.0, "a quarter ago", "right"), (1.0, "now", "left")):
        ax.text(side, -0.03 * total, text, ha=where, va="bottom", color=MUTED)
    ax.set_title(_title(known, int(flows["hidden"].astype(bool).sum())))
    return ax


def _in_order(flows: pd.DataFrame) -> list[str]:
    """Segments as they first appear, churned at the bottom."""
    names = dict.fromkeys([*flows["segment_from"], *flows["segment_to"]])
    return sorted(names, key=lambda name: name == CHURNED)


def _stack(sizes: pd.Series, names: list[str], gap: float) -> dict[str, tuple[float, float]]:
    """Place the segments one below the other; return top and bottom of each."""
    places, top = {}, 0.0
    for name in names:
        if name in sizes.index:
            places[name] = (top, top + float(sizes[name]))
            top += float(sizes[name]) + gap
    return places


def _bars(
    ax: "Axes",
    places: dict[str, tuple[float, float]],
    colours: dict[str, str],
    *,
    side: float,
    counted: bool,
) -> None:
    """Draw the segments of one date with their names outside, apart where bars are thin.

    Where flows are hidden the bars are not whole, so that their lengths are not written.
    """
    from matplotlib.patches import Rectangle

    total = max(bottom for _, bottom in places.values())
    at = -1e9
    for name, (top, bottom) in places.items():
        start = side - BAR if side == 0.0 else side
        ax.add_patch(Rectangle((start, top), BAR, bottom - top, color=colours[name], lw=0))
        at = max((top + bottom) / 2, at + 0.055 * total)
        outside = start - 0.015 if side == 0.0 else start + BAR + 0.015
        ax.text(
            outside,
            at,
            f"{label(name, width=30)} {bottom - top:,.0f}" if counted else label(name, width=30),
            ha="right" if side == 0.0 else "left",
            va="center",
            color=INK,
            fontsize=8.5,
        )


def _bands(
    ax: "Axes",
    flows: pd.DataFrame,
    names: list[str],
    left: dict[str, tuple[float, float]],
    right: dict[str, tuple[float, float]],
    colours: dict[str, str],
) -> None:
    order = {name: number for number, name in enumerate(names)}
    ranked = flows.assign(
        a=flows["segment_from"].map(order), b=flows["segment_to"].map(order)
    ).sort_values(["a", "b"])
    leaving = {name: top for name, (top, _) in left.items()}
    arriving = {name: top for name, (top, _) in right.items()}
    curve = (1 - np.cos(np.pi * np.linspace(0, 1, STEPS))) / 2
    starts, ends = ranked["segment_from"].astype(str), ranked["segment_to"].astype(str)
    for start, end, n in zip(starts, ends, ranked["n"].astype(float), strict=True):
        y0, y1 = leaving[start], arriving[end]
        leaving[start] += n
        arriving[end] += n
        upper = y0 + (y1 - y0) * curve
        ax.fill_between(
            np.linspace(0, 1, STEPS),
            upper,
            upper + n,
            color=colours[start],
            alpha=0.15 if start == end else 0.65,
            lw=0,
        )


def _title(flows: pd.DataFrame, n_hidden: int) -> str:
    moved = flows[flows["segment_from"] != flows["segment_to"]]
    share = moved["n"].sum() / flows["n"].sum()
    if moved.empty:
        told = "Nobody is in another segment than a quarter ago"
    else:
        odd = moved[~moved["expected"].astype(bool)]
        word, rows = ("unexpected ", odd) if len(odd) else ("", moved)
        top = rows.nlargest(1, "n", keep="first").iloc[0]
        first = f"{n_hidden} flows hidden" if n_hidden else f"{share:.0%} moved"
        told = (
            f"{first}; the widest {word}stream: {top['n']:,.0f} from "
            f"{label(top['segment_from'], width=24)} to {label(top['segment_to'], width=24)}"
        )
    return told
