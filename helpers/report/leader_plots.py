"""Pictures of the quarterly page."""

from typing import TYPE_CHECKING

import pandas as pd

from helpers.plotting import GREY, INK, RED, colours_for, figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_composition", "plot_risk_map"]


def plot_composition(composition: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """Draw each segment's share of live accounts, before (ring) and now (dot).

    ``composition`` comes from :func:`helpers.report.leader.composition`. Returns the Axes.
    """
    if ax is None:
        _, (ax,) = figure(width=7.5, height=0.5 * max(len(composition), 3) + 1.0)
    ordered = composition.iloc[::-1].reset_index(drop=True)
    colours = colours_for(list(ordered["segment"]))
    for row, segment in enumerate(ordered["segment"]):
        now, before = 100 * ordered["share"][row], 100 * ordered["share_before"][row]
        if before == before:
            ax.plot([before, now], [row, row], color=colours[segment], linewidth=2.2, zorder=2)
            ax.plot(before, row, "o", mfc="white", mec=colours[segment], ms=8, zorder=3)
        ax.plot(now, row, "o", color=colours[segment], ms=9, zorder=4)
        ax.annotate(
            f"{now:.0f} %",
            (now, row),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            color=INK,
        )
    ax.set_yticks(range(len(ordered)), [label(name) for name in ordered["segment"]])
    ax.set(xlabel="share of live accounts (%); ring: before, dot: now", xlim=(0, None))
    ax.margins(y=0.15)
    ax.set_title("Who our accounts are")
    return ax


def plot_risk_map(accounts: pd.DataFrame, *, n_named: int = 6, ax: "Axes | None" = None) -> "Axes":
    """Draw churn probability against revenue and name the accounts with most at stake.

    Parameters
    ----------
    accounts : DataFrame
        ``account``, ``mrr``, ``churn_probability``; rows lacking either number are left out.
    n_named : int
        Accounts with a name beside their dot: those with the largest product.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    if ax is None:
        _, (ax,) = figure(width=7.5, height=3.8)
    known = accounts.dropna(subset=["mrr", "churn_probability"])
    stake = known["mrr"] * known["churn_probability"]
    named = known.assign(_stake=stake).nlargest(n_named, "_stake", keep="first")
    ax.scatter(known["mrr"], 100 * known["churn_probability"], s=18, color=GREY, alpha=0.6)
    ax.scatter(named["mrr"], 100 * named["churn_probability"], s=34, color=RED)
    names, money = list(named["account"]), named["mrr"].to_numpy(float)
    percent = 100 * named["churn_probability"].to_numpy(float)
    for name, x, y in zip(names, money, percent, strict=True):
        ax.annotate(
            label(name, width=24),
            (x, y),
            xytext=(6, 4),
            textcoords="offset points",
        )
    if known["mrr"].gt(0).any():
        ax.set_xscale("symlog", linthresh=float(known.loc[known["mrr"] > 0, "mrr"].min()))
    ax.set(xlabel="revenue (per month)", ylabel="churn probability (%)", ylim=(0, None))
    ax.set_title("Money at stake: up and to the right")
    return ax
