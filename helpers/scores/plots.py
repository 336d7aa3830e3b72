"""Pictures of the churn model; each draws a table that another function made."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.plotting import (
    BAND_COLOURS,
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    RED,
    colours_for,
    figure,
    label,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "plot_calibration",
    "plot_drivers",
    "plot_gains",
    "plot_lead_time",
    "plot_score_bands",
    "plot_survival",
]

METHOD_COLOURS = {"model": BLUE, "anomaly": ORANGE, "health": GREEN}
METHOD_NAMES = {
    "model": "churn model",
    "anomaly": "alerts",
    "health": "health score below 40",
}


NOT_JUDGED = "nothing to show because no date could be judged"


def _nothing(why: str) -> "Figure":
    """Say in place of a picture why there is none."""
    fig, (ax,) = figure(width=6.0, height=1.0)
    ax.set_axis_off()
    ax.text(0, 0.5, why, color=MUTED, va="center", fontsize=10)
    return fig


def plot_calibration(
    calibration: pd.DataFrame, *, noun: str = "churn", verb: str = "left"
) -> "Figure":
    """Draw the observed share of accounts with the outcome against the predicted one.

    ``calibration`` comes from :func:`helpers.scores.calibration.calibration_table`. On the
    diagonal a probability means what it says. ``noun`` and ``verb`` name the outcome.
    """
    if calibration.empty:
        return _nothing(NOT_JUDGED)
    fig, (ax,) = figure(width=6.4, height=4.0)
    percent = 100 * calibration[["predicted", "observed", "low", "high"]]
    top = float(np.nanmax([percent["predicted"].max(), percent["high"].max(), 1.0])) * 1.05
    ax.plot([0, top], [0, top], color=MUTED, lw=1, ls="--", label="predicted = observed")
    gap = [percent["observed"] - percent["low"], percent["high"] - percent["observed"]]
    ax.errorbar(percent["predicted"], percent["observed"], yerr=gap, fmt="o", color=BLUE, capsize=3)
    _write_counts(ax, calibration, apart=0.15 * top)
    ax.set(xlabel=f"predicted (% {noun})", ylabel=f"observed (% {verb})")
    ax.set(xlim=(0, top), ylim=(0, top))
    ax.set_title(_calibrated(calibration, verb))
    ax.legend(loc="upper left")
    return fig


def _calibrated(calibration: pd.DataFrame, verb: str) -> str:
    """Say by how much predictions miss: in all, and in the group of the highest."""
    n = calibration["n"].astype("float64")
    said = float((calibration["predicted"] * n).sum() / n.sum())
    left = float(calibration["n_positive"].sum() / n.sum())
    top = calibration.iloc[-1]
    return (
        f"{said:.1%} predicted, {left:.1%} {verb}; "
        f"of the highest {top['predicted']:.0%} predicted, {top['observed']:.0%} {verb}"
    )


def _write_counts(ax: "Axes", calibration: pd.DataFrame, *, apart: float) -> None:
    """Write churned of all over each group, unless it would lie over the one before."""
    texts = [
        f"{hits} of {n}"
        for hits, n in zip(calibration["n_positive"], calibration["n"], strict=True)
    ]
    last = -np.inf
    places = zip(100 * calibration["predicted"], 100 * calibration["high"], texts, strict=True)
    for x, y, text in places:
        if x - last >= apart:
            ax.annotate(
                text,
                (x, y),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
                color=MUTED,
            )
            last = x


def plot_gains(gains: pd.DataFrame) -> "Figure":
    """Draw which share of those who churned is found by calling the first accounts.

    ``gains`` comes from :func:`helpers.scores.judgement.gains_table`; the vertical line is what
    the team can call.
    """
    if gains.empty:
        return _nothing(NOT_JUDGED)
    fig, (ax,) = figure(width=6.4, height=4.0)
    names = list(dict.fromkeys(gains["model"]))
    styles = dict(zip(names, (BLUE, GREEN, GREY, ORANGE, RED), strict=False))
    for name in names:
        mine = gains[gains["model"] == name]
        x, y = 100 * mine["share_called"], 100 * mine["share_found"]
        dashed = "--" if name == "base rate" else "-"
        shown = "random order" if name == "base rate" else name
        ax.plot(x, y, color=styles.get(name, MUTED), ls=dashed, lw=1.8, label=shown)
    capacity = gains[gains["at_capacity"]]
    if len(capacity):
        at = 100 * float(capacity["share_called"].iloc[0])
        ax.axvline(at, color=INK, lw=1, ls=":")
        for name, found in zip(capacity["model"], 100 * capacity["share_found"], strict=True):
            ax.plot([at], [found], "o", color=styles.get(name, MUTED))
        ax.text(at + 1, 3, f"capacity: {at:.0f}% of accounts", fontsize=8.5, color=INK)
    ax.set(xlabel="accounts called (%, from the top)", ylabel="of the churned, found (%)")
    ax.set(xlim=(0, 100), ylim=(0, 102))
    ax.set_title(_gained(capacity))
    ax.legend(loc="lower right")
    return fig


def _gained(capacity: pd.DataFrame) -> str:
    if capacity.empty:
        return "Whom does each ranking find?"
    found = [
        f"{'random order' if name == 'base rate' else name} {share:.0%}"
        for name, share in zip(capacity["model"], capacity["share_found"], strict=True)
    ]
    return f"Found within capacity: {', '.join(found[:2])}"


def plot_drivers(
    contributions: pd.DataFrame, *, account: str | None = None, n: int = 8
) -> "Figure":
    """Draw what moves one account's score away from the average account.

    ``contributions`` comes from :func:`helpers.scores.predict`; without ``account`` the account
    most likely to churn is drawn.
    """
    if contributions.empty:
        return _nothing("nothing to show because no account has a score")
    chosen = contributions["account_id"].iloc[0] if account is None else account
    mine = contributions[contributions["account_id"] == chosen].head(n).iloc[::-1]
    fig, (ax,) = figure(width=7.4, height=1.3 + 0.36 * max(len(mine), 2))
    colours = [RED if value > 0 else GREEN for value in mine["contribution"]]
    ax.barh(range(len(mine)), mine["contribution"], color=colours, height=0.62)
    texts = [label(str(text).rsplit(" (", 1)[0], width=46) for text in mine["driver"]]
    ax.set_yticks(range(len(mine)), texts)
    ax.axvline(0, color=INK, lw=0.8)
    ax.grid(visible=False, axis="y")
    ax.set(xlabel="contribution to the log-odds (right: towards churn)")
    ax.set_title(f"What moves the score of {label(chosen)}")
    return fig


def plot_lead_time(departures: pd.DataFrame) -> "Figure":
    """Draw how many weeks before they left accounts were first named, by method.

    ``departures`` is that of :func:`helpers.scores.measure_lead_time`: one row an account that
    left; those never named are counted in the titles.
    """
    if departures.empty:
        return _nothing("nothing to show because nobody left within reach of a scored date")
    methods = [m for m in METHOD_COLOURS if f"weeks_{m}" in departures.columns]
    weeks = departures[[f"weeks_{method}" for method in methods]].astype("float64")
    last = int(np.nanmax([np.ceil(np.nanmax(weeks.to_numpy(), initial=1.0)), 4.0]))
    edges = np.arange(0, last + 2, 2)
    fig, axes = figure(width=7.0, height=0.9 + 1.3 * len(methods), rows=len(methods))
    highest = 1
    for ax, method in zip(axes, methods, strict=True):
        values = weeks[f"weeks_{method}"]
        counts, _ = np.histogram(values.dropna(), bins=edges)
        ax.bar(edges[:-1] + 1, counts, width=1.8, color=METHOD_COLOURS[method])
        highest = max(highest, int(counts.max(initial=0)))
        _name_panel(ax, METHOD_NAMES[method], values)
    step = 1 if highest <= 5 else 5 if highest <= 25 else 20
    for ax in axes:
        ax.set(xlim=(0, edges[-1]), ylim=(0, highest * 1.15), ylabel="accounts")
        ax.set_xticks(edges)
        ax.set_yticks(range(0, highest + 1, step))
    axes[-1].set_xlabel("weeks between the first warning and the day the account left")
    return fig


def _name_panel(ax: "Axes", name: str, weeks: pd.Series) -> None:
    named = int(weeks.notna().sum())
    middle = f", median {weeks.median():.1f} weeks" if named else ""
    ax.set_title(f"{name}: named {named} of {len(weeks)}{middle}", fontsize=9.5)
    ax.grid(visible=False, axis="x")


def plot_score_bands(predictions: pd.DataFrame) -> "Figure":
    """Draw how the churn scores of live accounts lie in the three bands.

    ``predictions`` comes from :func:`helpers.scores.predict`.
    """
    if predictions["churn_score"].isna().all():
        return _nothing("nothing to show because no account has a score")
    fig, (ax,) = figure(width=7.0, height=3.2)
    edges = np.r_[
        np.arange(0, 31, 5) + 0.5, np.arange(35, 71, 5) + 0.5, np.arange(75, 101, 5) + 0.5
    ]
    edges[0] = -0.5
    scores = predictions["churn_score"].astype("float64")
    counts = np.zeros(len(edges) - 1)
    for band, colour in BAND_COLOURS.items():
        mine = scores[predictions["churn_band"] == band]
        found, _ = np.histogram(mine.dropna(), bins=edges)
        ax.bar(
            (edges[:-1] + edges[1:]) / 2,
            found,
            width=np.diff(edges) * 0.92,
            color=colour,
            label=f"{band}: {len(mine)} accounts",
        )
        counts += found
    for border in (30.5, 70.5):
        ax.axvline(border, color=INK, lw=0.9, ls=":")
    ax.set(xlabel="churn score (0 to 100, higher = more likely to churn)", ylabel="live accounts")
    ax.set(xlim=(-1, 101), ylim=(0, max(counts.max(initial=1) * 1.1, 1)))
    n_high = int(predictions["churn_band"].eq("high").sum())
    ax.set_title(f"{n_high:,} of {len(predictions):,} live accounts score above 70")
    ax.legend(loc="upper right")
    return fig


def plot_survival(curves: pd.DataFrame) -> "Figure":
    """Draw the share of accounts that has stayed, by the segment they began in.

    ``curves`` comes from :func:`helpers.scores.survival.measure_survival`; shaded are 95 %.
    """
    if curves.empty:
        return _nothing("nothing to show because there is no earlier date to follow accounts from")
    ends = curves.groupby("segment")["stayed"].last().sort_values(ascending=False)
    colours = colours_for(sorted(ends.index))
    fig, (ax,) = figure(width=7.4, height=3.8)
    for segment in ends.index:
        mine = curves[curves["segment"] == segment]
        percent = 100 * mine[["stayed", "low", "high"]]
        colour = colours[segment]
        n, gone = int(mine["at_risk"].iloc[0]), int(mine["left"].sum())
        named = f"{label(segment)}: {gone} of {n} left"
        ax.step(mine["day"], percent["stayed"], where="post", color=colour, lw=1.8, label=named)
        ax.fill_between(
            mine["day"],
            percent["low"],
            percent["high"],
            step="post",
            color=colour,
            alpha=0.13,
            lw=0,
        )
    last, worst = int(curves["day"].max()), str(ends.index[-1])
    floor = max(0.0, 100 * float(curves.groupby("segment")["low"].last().min()) - 3)
    ax.set(xlabel="days since then", ylabel="still customers (%)")
    ax.set(xlim=(0, last), ylim=(floor, 100.5))
    since = pd.Timestamp(curves["since"].iloc[0])
    ax.set_title(
        f"Since {since:%Y-%m-%d}: {ends.iloc[-1]:.0%} of {label(worst)} stayed, "
        f"{ends.iloc[0]:.0%} of {label(ends.index[0])}"
    )
    ax.legend(loc="lower left")
    return fig
