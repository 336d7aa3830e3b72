"""Pictures of what plays and alerts achieved; each draws a table that another function made."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.impact.balance import BALANCED
from helpers.impact.telling import said
from helpers.impact.verdicts import ALL
from helpers.impact.words import words
from helpers.plotting import BLUE, GREY, INK, MUTED, ORANGE, figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_balance", "plot_effects", "plot_verdicts"]

LOW, HIGH = 0.05, 20.0
COLOURS = {"by lot": BLUE, "weighed": ORANGE, "naive": GREY}


def _nothing(why: str) -> "Figure":
    """Say in place of a picture why there is none."""
    fig, (ax,) = figure(width=6.0, height=1.0)
    ax.set_axis_off()
    ax.text(0, 0.5, why, color=MUTED, va="center", fontsize=10)
    return fig


def plot_effects(table: pd.DataFrame) -> "Figure":
    """Draw each comparison's ratio of the rates of leaving, with its interval, on a log axis.

    ``table`` is that of :class:`helpers.impact.effects.Effects`. An interval that ends in an arrow
    goes on beyond the picture.
    """
    shown = table[np.isfinite(table["rate_ratio"])].iloc[::-1].reset_index(drop=True)
    if shown.empty:
        return _nothing("nothing to show because no play has enough assignments to compare")
    fig, (ax,) = figure(width=7.4, height=1.2 + 0.5 * len(shown))
    for place, row in shown.iterrows():
        _interval(ax, int(str(place)), row)
    ax.axvline(1, color=MUTED, lw=1, ls="--")
    ax.set(xscale="log", xlim=(LOW, HIGH), ylim=(-0.6, len(shown) - 0.4))
    ax.set_yticks(
        range(len(shown)),
        [f"{words(play)}, {how}" for play, how in zip(shown["play"], shown["comparison"],
                                                      strict=True)],
    )  # fmt: skip
    ticks = (0.1, 0.2, 0.5, 1, 2, 5, 10)
    ax.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("rate of leaving of accounts with the play, over that of those without")
    ax.grid(visible=False, axis="y")
    ax.set_title(said(table))
    return fig


def _interval(ax: "Axes", place: int, row: pd.Series) -> None:
    colour = COLOURS[row["comparison"]]
    low = float(np.nan_to_num(row["low"], nan=row["rate_ratio"]))
    high = float(np.nan_to_num(row["high"], nan=row["rate_ratio"], posinf=2 * HIGH))
    ax.plot([max(low, LOW), min(high, HIGH)], [place, place], color=colour, lw=2.5)
    for bound, limit, mark in ((low, LOW, "<"), (high, HIGH, ">")):
        if (bound < LOW) if mark == "<" else (bound > HIGH):
            ax.plot([limit], [place], mark, color=colour, ms=7, clip_on=False)
    ax.plot([np.clip(row["rate_ratio"], LOW, HIGH)], [place], "o", color=colour, ms=7)
    text = f"{row['left_with']:.0f} of {row['n_with']:.0f} left, "
    text += f"{row['left_without']:.0f} of {row['n_without']:.0f} without"
    ax.annotate(
        text, (LOW, place), xytext=(2, 8), textcoords="offset points", fontsize=8, color=INK
    )


def plot_balance(balance: pd.DataFrame, *, limit: int = 12) -> "Figure":
    """Draw how unlike the groups were, and how unlike they are once weighed.

    ``balance`` comes from :func:`helpers.impact.weighing.balance`; the largest differences.
    """
    if balance.empty:
        return _nothing("nothing to show because nothing was weighed")
    play = balance["play"].iloc[0]
    mine = balance[(balance["play"] == play) & balance["weighed_by"]]
    shown = mine.head(limit).iloc[::-1].reset_index(drop=True)
    fig, (ax,) = figure(width=7.4, height=1.4 + 0.27 * len(shown))
    places = np.arange(len(shown))
    ax.axvspan(-BALANCED, BALANCED, color=GREY, alpha=0.25, lw=0)
    ax.axvline(0, color=MUTED, lw=1)
    ax.hlines(places, shown["before"], shown["after"], color=GREY, lw=1)
    ax.plot(shown["before"], places, "o", mfc="white", mec=GREY, ms=6, label="before")
    ax.plot(shown["after"], places, "o", color=ORANGE, ms=6, label="weighed")
    ax.set_yticks(places, [label(words(name)) for name in shown["confounder"]])
    ax.set_xlabel("difference of the means, in standard deviations (grey: alike)")
    ax.grid(visible=False, axis="y")
    before, after = (float(mine[name].abs().median()) for name in ("before", "after"))
    ax.set_title(f"{words(play)}: the median difference fell from {before:.2f} to {after:.2f}")
    ax.legend(loc="best")
    return fig


def plot_verdicts(table: pd.DataFrame, *, family: str = "alert", limit: int = 10) -> "Figure":
    """Draw how many of each kind were confirmed and how many were false.

    ``table`` comes from :func:`helpers.impact.verdicts.verdicts`.
    """
    mine = table[(table["family"] == family) & (table["item"] != ALL) & (table["judged"] > 0)]
    if mine.empty:
        return _nothing(f"nothing to show because nobody has judged {family}s yet")
    shown = mine.head(limit).iloc[::-1].reset_index(drop=True)
    fig, (ax,) = figure(width=7.4, height=1.2 + 0.32 * len(shown))
    places = np.arange(len(shown))
    ax.barh(places, shown["confirmed"], color=BLUE, label="confirmed")
    ax.barh(places, shown["false_positive"], left=shown["confirmed"], color=ORANGE, label="false")
    for place, row in shown.iterrows():
        ax.annotate(
            f"{row['precision']:.0%} right ({row['low']:.0%} to {row['high']:.0%})",
            (row["judged"], int(str(place))), xytext=(5, 0), textcoords="offset points",
            va="center", fontsize=8, color=INK,
        )  # fmt: skip
    ax.set_yticks(places, [label(words(item)) for item in shown["item"]])
    ax.set(xlabel=f"{family}s judged", xlim=(0, float(shown["judged"].max()) * 1.45))
    ax.grid(visible=False, axis="y")
    every = table[(table["family"] == family) & (table["item"] == ALL)].iloc[0]
    ax.set_title(f"{every['confirmed']} of {every['judged']} {family}s were right")
    ax.legend(loc="lower right")
    return fig
