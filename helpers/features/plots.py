"""Pictures of the feature table; each draws a table that another function made."""

from typing import TYPE_CHECKING

import pandas as pd

from helpers.plotting import BLUE, GREEN, GREY, ORANGE, RED, figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_base_rates", "plot_coverage", "plot_two_kinds_of_low"]


def plot_coverage(covered: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Draw how much of each family is known (%), from :func:`helpers.features.coverage`."""
    if ax is None:
        ax = figure(height=0.28 * len(covered) + 1.0)[1][0]
    rows = covered.iloc[::-1]
    percent = 100 * rows["known_share"]
    colours = [GREY if empty else BLUE for empty in rows["n_empty"] == rows["n_features"]]
    ax.barh(rows["family"], percent, color=colours)
    for position, (value, n, empty) in enumerate(
        zip(percent, rows["n_features"], rows["n_empty"], strict=True)
    ):
        note = f"{value:.0f}% of {n}" + (f", {empty} empty" if empty else "")
        ax.annotate(note, (value, position), xytext=(4, 0), textcoords="offset points", va="center")
    ax.set(xlim=(0, 128), xlabel="cells with a value (% of accounts and dates)")
    ax.set_xticks([0, 25, 50, 75, 100])
    ax.grid(visible=False, axis="y")
    ax.set_title(f"{covered['n_features'].sum()} features in {len(covered)} families")
    return ax


def plot_base_rates(rates: pd.DataFrame, horizon_days: int, ax: "Axes | None" = None) -> "Axes":
    """Draw outcome rates (%) with 95 % intervals by as-of date, from ``base_rates``."""
    if ax is None:
        ax = figure(height=3.2)[1][0]
    known = rates.dropna(subset=["rate"])
    for shift, (outcome, colour) in enumerate((("churned", RED), ("upgraded", GREEN))):
        part = known[known["outcome"] == outcome]
        when = part["as_of"] + pd.Timedelta(days=4 * shift - 2)
        gaps = [100 * (part["rate"] - part["low"]), 100 * (part["high"] - part["rate"])]
        ax.errorbar(
            when, 100 * part["rate"], yerr=gaps, fmt="o", capsize=3, color=colour, label=outcome
        )
    ax.set(xlabel="as-of date", ylabel=f"within {horizon_days} days (%)")
    ax.set_title(_latest_rates(known))
    if len(known):
        dates = sorted(known["as_of"].unique())
        ax.set_xticks(dates, [f"{pd.Timestamp(date):%Y-%m-%d}" for date in dates], rotation=30)
        ax.set_ylim(0, 125 * known["high"].max())
        ax.legend(loc="upper right", ncols=2)
    return ax


def _latest_rates(known: pd.DataFrame) -> str:
    if known.empty:
        return "No outcome is known yet"
    newest = known[known["as_of"] == known["as_of"].max()]
    told = [f"{row.rate:.1%} {row.outcome}" for row in newest.itertuples()]
    return f"Newest known date: {', '.join(told)} (bars: 95% intervals)"


def plot_two_kinds_of_low(
    weeks: pd.DataFrame, pairs: pd.DataFrame, ax: "Axes | None" = None
) -> "Axes":
    """Draw weekly events of the first pair that ``declining_and_low`` found.

    ``weeks`` comes from :func:`helpers.features.weekly_activity`.
    """
    if ax is None:
        ax = figure(height=3.2)[1][0]
    first = pairs[pairs["pair"] == 1]
    for row, colour in zip(first.itertuples(), (ORANGE, BLUE), strict=False):
        mine = weeks[weeks["account_id"] == row.account_id]
        name = f"{label(row.account_id)}: {row.kind}"
        ax.plot(mine["week_start"], mine["n_events"], color=colour, lw=1.6, label=name)
    ax.set(ylim=(0, 1.2 * (ax.get_ylim()[1] or 1)), ylabel="events (per week)")
    ax.set_title("Equal use in the last month, another story")
    if len(first):
        ax.legend(loc="upper right", ncols=2)
    return ax
