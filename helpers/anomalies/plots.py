"""Pictures of the review; each draws a table that another function made."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.anomalies.severity import LEVELS
from helpers.anomalies.signals import SIGNALS
from helpers.plotting import BLUE, GREY, INK, ORANGE, RED, SEVERITY_COLOURS, figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_account", "plot_company_days", "plot_kinds"]

STATE_COLOURS = {"explained": GREY, "incident": RED, "outage": ORANGE}


def plot_account(
    scores: pd.DataFrame, alert: pd.Series, *, name: str, max_metrics: int = 3
) -> "list[Axes]":
    """Draw an account's days against the range to expect, the flagged days marked.

    Parameters
    ----------
    scores : DataFrame
        From :func:`helpers.anomalies.tables.all_tables`.
    alert : Series
        One row of the alerts: ``account_id``, ``metrics``, ``detected_on``, ``last_seen_on``.
    name : str
        What people call the account.
    max_metrics : int
        Panels at most: the alert's own metrics first, then events.

    Returns
    -------
    list of Axes
        Lines are 7-day sums, so that weekends do not hide the change.
    """
    mine = scores[scores["account_id"] == alert["account_id"]]
    wanted = [*alert["metrics"], "events", "active_users"]
    metrics = _one_a_family([m for m in wanted if (mine["metric"] == m).any()])[:max_metrics]
    _, axes = figure(width=8, height=1.2 + 1.7 * max(len(metrics), 1), rows=max(len(metrics), 1))
    for axis, metric in zip(axes, metrics, strict=False):
        _draw_metric(axis, mine[mine["metric"] == metric], alert)
        axis.set_ylabel(f"{metric.replace('_', ' ')}\n(per 7 days)")
    axes[0].set_title(f"{label(name)}: {str(alert['kind']).replace('_', ' ')}")
    if metrics:
        axes[0].set_ylim(0, 1.25 * axes[0].get_ylim()[1])
        axes[0].legend(loc="upper left", ncols=3, fontsize=8)
    else:
        axes[0].text(0.5, 0.5, "no daily history", ha="center", va="center")
    return axes


def _one_a_family(metrics: list[str]) -> list[str]:
    """Keep the first metric of each family: logins and sessions show the same."""
    families = {signal.name: signal.family for signal in SIGNALS}
    first: dict[str, str] = {}
    for metric in metrics:
        first.setdefault(families.get(metric, metric), metric)
    return list(first.values())


def _draw_metric(axis: "Axes", rows: pd.DataFrame, alert: pd.Series) -> None:
    daily = rows.set_index("day").sort_index()[["value", "expected", "low", "high"]]
    days = pd.date_range(daily.index.min(), daily.index.max())
    weekly = daily.reindex(days).rolling(7, min_periods=4).mean() * 7
    variance = ((daily["high"] - daily["expected"]) / 1.96) ** 2
    reach = 1.96 * np.sqrt(variance.reindex(days).rolling(7, min_periods=4).mean() * 7)
    low, high = (weekly["expected"] - reach).clip(lower=0), weekly["expected"] + reach
    axis.fill_between(days, low, high, color=BLUE, alpha=0.15, lw=0, label="range to expect")
    axis.plot(days, weekly["expected"], color=BLUE, lw=1, ls="--", label="expected")
    axis.plot(days, weekly["value"], color=INK, lw=1.6, label="observed")
    end = alert["last_seen_on"] + pd.Timedelta(days=1)
    axis.axvspan(alert["detected_on"], end, color=RED, alpha=0.12, lw=0)
    axis.set_ylim(0, None)


def plot_company_days(
    days: pd.DataFrame, *, metrics: tuple[str, ...] = ("events", "errors"), last_days: int = 180
) -> "list[Axes]":
    """Draw what the company as a whole did each day, known factors and incidents marked.

    Parameters
    ----------
    days : DataFrame
        ``company_days`` of :func:`helpers.anomalies.tables.all_tables`.
    metrics : tuple of str
        One panel each; those that are not there are left out.
    last_days : int
        How far back.

    Returns
    -------
    list of Axes
    """
    there = [metric for metric in metrics if (days["metric"] == metric).any()]
    _, axes = figure(width=8, height=1.0 + 1.9 * max(len(there), 1), rows=max(len(there), 1))
    for axis, metric in zip(axes, there, strict=False):
        mine = days[days["metric"] == metric].sort_values("day").tail(last_days)
        axis.plot(mine["day"], mine["company"], color=INK, lw=1, label="company")
        axis.plot(
            mine["day"], mine["usual"], color=BLUE, lw=1, ls="--", label="same weekday before"
        )
        for state, colour in STATE_COLOURS.items():
            marked = mine[mine["state"] == state]
            height = marked["company"].fillna(0.0)
            axis.scatter(marked["day"], height, color=colour, s=22, zorder=3, label=state)
        axis.set_ylabel(f"{metric.replace('_', ' ')}\n(average day = 1)")
        axis.set_ylim(0, None)
    axes[0].set_title(_marked_days(days[days["metric"].isin(there)], last_days))
    if there:
        axes[0].set_ylim(0, 1.25 * axes[0].get_ylim()[1])
        axes[0].legend(loc="upper left", ncols=5, fontsize=8)
    return axes


def _marked_days(days: pd.DataFrame, last_days: int) -> str:
    """Count the marked days that are drawn; a day counts once however many metrics show it."""
    newest = pd.Series(np.sort(days["day"].unique())).tail(last_days)
    drawn = days[days["day"].isin(newest)].drop_duplicates(["day", "state"])
    counts = drawn["state"].value_counts()
    told = [f"{state} {int(counts.get(state, 0))}" for state in STATE_COLOURS]
    return f"Days out of the ordinary for all accounts: {', '.join(told)}"


def plot_kinds(alerts: pd.DataFrame) -> "Axes":
    """Draw alerts by kind and severity, the most frequent kind on top.

    Parameters
    ----------
    alerts : DataFrame
        ``kind``, ``severity``.
    """
    from matplotlib.ticker import MaxNLocator

    counts = pd.crosstab(alerts["kind"], alerts["severity"])
    counts = counts.reindex(columns=list(LEVELS[::-1]), fill_value=0)
    order = counts.assign(total=counts.sum(axis=1), name=counts.index)
    names = order.sort_values(["total", "name"], ascending=[True, False]).index
    _, axes = figure(width=7.5, height=1.0 + 0.27 * max(len(names), 3))
    left = np.zeros(len(names))
    for severity in LEVELS[::-1]:
        width = counts.loc[names, severity].to_numpy(float)
        axes[0].barh(names, width, left=left, color=SEVERITY_COLOURS[severity], label=severity)
        left += width
    axes[0].set_yticks(range(len(names)), [str(name).replace("_", " ") for name in names])
    axes[0].set_xlabel("alerts (number)")
    most = [
        f"{name.replace('_', ' ')} ({int(left[-1 - n])})" for n, name in enumerate(names[:-3:-1])
    ]
    axes[0].set_title(f"Most frequent: {', '.join(most)}" if most else "No alert")
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].grid(axis="y", visible=False)
    axes[0].legend(loc="lower right", fontsize=8)
    return axes[0]
