"""Pictures of the audit."""

from typing import TYPE_CHECKING

import pandas as pd

from helpers.plotting import BLUE, GREY, RED, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_coverage", "plot_spans"]


def plot_coverage(
    weeks: pd.DataFrame, outages: pd.DataFrame, *, ax: "Axes | None" = None
) -> "Axes":
    """Draw events per week over time, with the days on which the source was silent.

    Parameters
    ----------
    weeks : DataFrame
        From :func:`helpers.audit.timeliness.coverage_by_week`.
    outages : DataFrame
        From :func:`helpers.audit.timeliness.outage_days`.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    if ax is None:
        _, (ax,) = figure(width=8, height=3)
    whole = weeks[weeks["n_days"] >= 7]
    ax.plot(whole["week"], whole["n_events"] / 1000, color=BLUE, linewidth=1.8)
    for day in outages["day"]:
        ax.axvline(day, color=RED, linewidth=1.2, linestyle=":")
    if len(outages):
        ax.text(
            outages["day"].iloc[-1],
            0.03,
            "source silent ",
            color=RED,
            ha="right",
            va="bottom",
            transform=ax.get_xaxis_transform(),
        )
    ax.set(xlabel="week", ylabel="events (thousand per week)", ylim=(0, None))
    n = len(outages)
    silent = "no day" if n == 0 else f"{n} day" if n == 1 else f"{n} days"
    ax.set_title(f"Events of {len(whole)} whole weeks; the source was silent on {silent}")
    return ax


def plot_spans(fresh: pd.DataFrame, as_of: pd.Timestamp, *, ax: "Axes | None" = None) -> "Axes":
    """Draw for each table from when to when it speaks, against the as-of date.

    ``fresh`` comes from :func:`helpers.audit.timeliness.freshness`. Returns the Axes.
    """
    from matplotlib.dates import date2num

    if ax is None:
        _, (ax,) = figure(width=8, height=0.35 * max(len(fresh), 3) + 0.9)
    ordered = fresh.sort_values(["first_on", "table"], ascending=False)
    colours = [RED if stale else BLUE for stale in ordered["stale"]]
    ax.barh(
        ordered["table"],
        (ordered["last_on"] - ordered["first_on"]).dt.days,
        left=ordered["first_on"],
        color=colours,
        height=0.55,
    )
    cutoff = float(date2num(as_of))  # type: ignore[no-untyped-call]
    ax.axvline(cutoff, color=GREY, linewidth=1.2, linestyle="--")
    ax.text(cutoff, 1.01, "as of ", ha="right", color=GREY, transform=ax.get_xaxis_transform())
    ax.xaxis_date()
    ax.set_xlabel("first to last row")
    old = ordered.loc[ordered["stale"], "table"]
    told = f"out of date: {', '.join(sorted(old))}" if len(old) else "all up to date"
    ax.set_title(f"{len(ordered)} dated sources, {told}")
    return ax
