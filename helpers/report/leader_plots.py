"""Pictures of the quarterly page."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.plotting import GREY, INK, RED, colours_for, figure, label
from helpers.report.alluvial import plot_flows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_composition", "plot_flows", "plot_risk_map"]


def plot_composition(composition: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """Draw each segment's share of live accounts, before (ring) and now (dot).

    ``composition`` comes from :func:`helpers.report.leader.composition`. Returns the Axes.
    """
    if ax is None:
        _, (ax,) = figure(width=7.5, height=0.5 * max(len(composition), 3) + 1.0)
    known = composition.dropna(subset="share")  # the others are hidden
    ordered = known.iloc[::-1].reset_index(drop=True)
    colours = colours_for(list(ordered["segment"]))
    for row, segment in enumerate(ordered["segment"]):
        now, before = 100 * ordered["share"][row], 100 * ordered["share_before"][row]
        if before == before:
            ax.plot([before, now], [row, row], color=colours[segment], linewidth=2.2, zorder=2)
            ax.plot(before, row, "o", mfc="white", mec=colours[segment], ms=8, zorder=3)
        ax.plot(now, row, "o", color=colours[segment], ms=9, zorder=4)
        ax.annotate(
            f"{now:.0f}%",
            (now, row),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            color=INK,
        )
    ax.set_yticks(range(len(ordered)), [label(name) for name in ordered["segment"]])
    ax.set(xlabel="share of live accounts (%); ring: before, dot: now", xlim=(0, None))
    ax.margins(y=0.15)
    ax.set_title(_moved_most(ordered))
    return ax


def _moved_most(composition: pd.DataFrame) -> str:
    change = composition["change"].astype("float64").dropna()
    if change.empty:
        return "No earlier date to compare with"
    place = int(change.abs().to_numpy().argmax())
    name, points = composition["segment"][change.index[place]], 100 * change.iloc[place]
    shares = composition.loc[change.index[place], ["share", "share_before"]].astype("float64")
    sizes = composition[["n_accounts", "n_before"]].astype("float64").sum()
    error = 196 * float(np.sqrt((shares * (1 - shares)).to_numpy() @ (1 / sizes.to_numpy())))
    told = f"{label(name)} changed most: {points:+.1f} points"
    return told if abs(points) > error else f"{told}, no more than chance"


def plot_risk_map(
    accounts: pd.DataFrame, *, n_named: int = 6, currency: str = "", ax: "Axes | None" = None
) -> "Axes":
    """Draw churn probability against revenue and name the accounts with most at stake.

    Parameters
    ----------
    accounts : DataFrame
        ``account``, ``mrr``, ``churn_probability``; rows lacking either number are left out.
    n_named : int
        Accounts with a number beside their dot: those with the largest product.
    currency : str
        Named on the axis.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
    """
    known = accounts.dropna(subset=["mrr", "churn_probability"])
    if ax is None:
        _, (ax,) = figure(width=7.5, height=0.6 if known.empty else 3.8)
    if known.empty:
        ax.set_axis_off()
        ax.set_title("No map: no account has both a churn probability and a revenue")
        return ax
    stake = known["mrr"] * known["churn_probability"]
    named = known.assign(_stake=stake).nlargest(n_named, "_stake", keep="first")
    ax.scatter(known["mrr"], 100 * known["churn_probability"], s=18, color=GREY, alpha=0.6)
    ax.scatter(named["mrr"], 100 * named["churn_probability"], s=34, color=RED)
    places = zip(named["mrr"], 100 * named["churn_probability"], strict=True)
    for number, (x, y) in enumerate(places, start=1):
        ax.annotate(str(number), (x, y), xytext=(5, 3), textcoords="offset points", weight="bold")
    names = [f"{n}  {label(name, width=28)}" for n, name in enumerate(named["account"], start=1)]
    ax.text(1.02, 1.0, "\n".join(names), transform=ax.transAxes, va="top", linespacing=1.7)
    if known["mrr"].gt(0).any():
        ax.set_xscale("symlog", linthresh=float(known.loc[known["mrr"] > 0, "mrr"].min()))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    unit = f"{label(currency)} per month" if currency else "per month"
    ax.set(xlabel=f"revenue ({unit})", ylabel="churn probability (%)", ylim=(0, None))
    share = named["_stake"].sum() / stake.sum() if stake.sum() > 0 else float("nan")
    ax.set_title(
        f"{len(named)} accounts hold {share:.0%} of the money at stake"
        if share == share
        else "No money is at stake: every probability or revenue is zero"
    )
    return ax
