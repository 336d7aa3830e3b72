"""The pictures of the pattern notebook; each draws a table that another function made."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.plotting import BLUE, GREEN, GREY, INK, ORANGE, RED, figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_divergence", "plot_rates", "plot_rhythm", "plot_rules", "plot_trends"]

KIND_COLOURS = {
    "gradual_decline": RED,
    "steady_growth": GREEN,
    "plateau": BLUE,
    "none": GREY,
}


def plot_divergence(steps: pd.DataFrame) -> "list[Axes]":
    """Draw, for each path, the share of either outcome that got as far as each step.

    ``steps`` comes from :func:`helpers.patterns.divergence.divergence`. The step at which the
    two part most is marked. One panel a path; returns the axes.
    """
    paths = list(steps["path"].unique())
    if not paths:
        return [_nothing("no two paths can be told apart")]
    longest = steps.groupby("path").size().max()
    _, axes = figure(width=10.0, height=0.9 + 0.3 * longest, columns=len(paths))
    for ax, path in zip(axes, paths, strict=False):
        part = steps[steps["path"] == path].reset_index(drop=True)
        for group, colour, text in _GROUPS:
            share, low, high = (
                100 * part[f"{group}_{name}"].to_numpy(float) for name in ("share", "low", "high")
            )
            gap = np.clip([share - low, high - share], 0, None)
            ax.errorbar(share, part.index, xerr=gap, marker="o", ms=5, color=colour, capsize=2)
            end = (share[-1], len(part) - 1)
            ax.annotate(text, end, (0, -14), textcoords="offset points", ha="center", color=colour)
        for row in part.index[part["diverges"]]:
            middle = 50 * (part["success_share"][row] + part["failure_share"][row])
            ax.axhspan(row - 0.4, row + 0.4, color=ORANGE, alpha=0.15, lw=0)
            ax.annotate("they part here", (middle, row), ha="center", va="center", color=INK)
        ax.set_yticks(part.index, [f"{n + 1}. {label(s)}" for n, s in enumerate(part["step"])])
        ax.set(xlabel="got this far, in order (%)", xlim=(-3, 103))
        ax.set_ylim(len(part) - 0.2, -0.6)
        ax.set_title(f"{path} path")
    return axes


_GROUPS = (("success", GREEN, "became active"), ("failure", RED, "did not"))


def plot_rates(sequences: pd.DataFrame, *, outcome_label: str, limit: int = 10) -> "Axes":
    """Draw outcome rates with their intervals, best first, and the base rate as a line.

    ``sequences`` are reported rows of one outcome, from
    :func:`helpers.patterns.sequence_search.mine_sequences`; steps that all paths begin with are
    written as an ellipsis.
    """
    if sequences.empty:
        return _nothing("no path is certain enough")
    part = sequences.head(limit)
    part = part.sort_values("outcome_rate", ascending=False, kind="stable")
    texts = _path_texts(part)
    lines = sum(1 + text.count("\n") for text in texts)
    ax = figure(width=10.0, height=0.9 + 0.14 * len(texts) + 0.19 * lines)[1][0]
    place = np.arange(len(part))
    rates = 100 * part[["outcome_rate", "low", "high"]].to_numpy(float)
    above = part["lift"].to_numpy(float) > 1
    for side, colour in ((True, GREEN), (False, RED)):
        mine = above == side
        gap = [rates[mine, 0] - rates[mine, 1], rates[mine, 2] - rates[mine, 0]]
        ax.errorbar(rates[mine, 0], place[mine], xerr=gap, fmt="o", color=colour, capsize=3)
    base = 100 * float(part["base_rate"].iloc[0])
    ax.axvline(base, color=INK, lw=1, ls="--")
    ax.annotate(f" of all: {base:.0f}%", (base, -0.55), va="bottom", color=INK, fontsize=8.5)
    ax.set_yticks(place, texts)
    ax.set(xlabel=f"{outcome_label} (%), with 95% interval", xlim=(0, 100))
    ax.set_ylim(len(part) - 0.4, -0.7)
    ax.set_title(f"{rates[-1, 0]:.0f}% to {rates[0, 0]:.0f}%, depending on the path")
    return ax


def _path_texts(part: pd.DataFrame, *, width: int = 62) -> list[str]:
    """Write the paths without what all begin with, in lines of bounded length."""
    paths = [
        list(path) if isinstance(path, list | np.ndarray) else list(pattern)
        for path, pattern in zip(part["path"], part["pattern"], strict=True)
    ]
    shared = 0
    while len(paths) > 1 and all(len(p) > shared + 1 for p in paths):
        if len({p[shared] for p in paths}) > 1:
            break
        shared += 1
    texts = []
    for path, n in zip(paths, part["n_units"], strict=True):
        words = [label(step, width=24) for step in path[shared:]]
        text = " > ".join((["…"] if shared else []) + words) + f"  (n\u00a0=\u00a0{n:,})"
        texts.append("\n".join(textwrap.wrap(text, width)))
    return texts


def plot_rhythm(rhythm: pd.DataFrame) -> "list[Axes]":
    """Draw the index of each position of each cycle with its interval; 1 is an average day.

    ``rhythm`` is the table of :class:`helpers.patterns.seasonality.Rhythm`; a cycle without
    enough history says so.
    """
    cycles = list(rhythm["cycle"].unique())
    _, axes = figure(width=10.0, height=5.2, columns=2, rows=2)
    for ax, cycle in zip(axes, cycles, strict=True):
        part = rhythm[rhythm["cycle"] == cycle].reset_index(drop=True)
        ax.set_title(f"{cycle}: {_certainty(part)}")
        ax.axhline(1, color=INK, lw=1, ls="--")
        ax.set_ylabel("use (1 = average day)")
        place = np.arange(len(part))
        names = [n[:3] if cycle in ("week", "year") else n for n in part["position"]]
        ax.set_xticks(place, names, rotation=0 if len(part) < 8 else 45)
        if not part["enough_history"].all():
            ax.annotate(
                "not enough history", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY
            )
            continue
        gap = [part["index"] - part["low"], part["high"] - part["index"]]
        peak = part["index"] == part["index"].max()
        colours = np.where(peak, ORANGE, BLUE)
        ax.bar(place, part["index"], color=colours, width=0.65, alpha=0.85)
        ax.errorbar(place, part["index"], yerr=gap, fmt="none", color=INK, capsize=2, lw=1)
        if cycle != "week":
            low = float(part["low"].min())
            ax.set_ylim(max(0.0, low - 0.1), float(part["high"].max()) + 0.05)
    return axes


def _certainty(part: pd.DataFrame) -> str:
    p_value = float(part["p_value"].iloc[0])
    if not np.isfinite(p_value):
        return "not judged"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def plot_rules(rules: pd.DataFrame, *, limit: int = 10) -> "Axes":
    """Draw the confidence of each rule as a bar with interval, and its base rate as a mark.

    ``rules`` comes from :func:`helpers.patterns.rule_search.mine_rules`.
    """
    if rules.empty:
        return _nothing("no rule is certain enough")
    part = rules.head(limit)
    ax = figure(width=9.5, height=0.9 + 0.42 * len(part))[1][0]
    place = np.arange(len(part))
    rates = 100 * part[["confidence", "low", "high", "base_rate"]].to_numpy(float)
    ax.barh(place, rates[:, 0], color=BLUE, alpha=0.8, height=0.6)
    gap = [rates[:, 0] - rates[:, 1], rates[:, 2] - rates[:, 0]]
    ax.errorbar(rates[:, 0], place, xerr=gap, fmt="none", color=INK, capsize=3)
    ax.plot(rates[:, 3], place, "|", color=ORANGE, ms=16, mew=2.5, label="of all baskets")
    names = [
        f"{label(' + '.join(before), width=44)} → {label(after[0], width=32)}"
        for before, after in zip(part["antecedents"], part["consequents"], strict=True)
    ]
    texts = [
        f"{n}\nn = {m:,}, lift {x:.1f}"
        for n, m, x in zip(names, part["n_baskets"], part["lift"], strict=True)
    ]
    ax.set_yticks(place, texts)
    ax.set(xlabel="share that has the right-hand side (%)", xlim=(0, 100))
    ax.set_ylim(len(part) - 0.4, -0.6)
    ax.legend(loc="lower right")
    top = int(np.argmax(part["lift"].to_numpy(float)))
    ax.set_title(f"Farthest from the average: {names[top]}")
    return ax


def _nothing(why: str) -> "Axes":
    """Say in the place of a picture why there is none."""
    ax = figure(width=9.0, height=0.8)[1][0]
    ax.set_axis_off()
    ax.annotate(
        f"Nothing to draw: {why}.", (0, 0.5), xycoords="axes fraction", va="center", color=GREY
    )
    return ax


def plot_trends(trends: pd.DataFrame, weeks: pd.DataFrame, *, measure: str) -> "list[Axes]":
    """Draw one account of each kind: weekly use without season, and the slope that was fitted.

    ``trends`` and ``weeks`` come from :func:`helpers.patterns.rhythm.find_trends`. The account
    shown is the surest of its kind among those with the most use.
    """
    _, axes = figure(width=10.0, height=2.9, columns=len(KIND_COLOURS))
    for ax, (kind, colour) in zip(axes, KIND_COLOURS.items(), strict=True):
        ax.set_title(kind.replace("_", " "))
        mine = trends[(trends["kind"] == kind) & trends["use_per_week"].notna()]
        if mine.empty:
            ax.annotate("no account", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY)
            continue
        row = _example(mine)
        seen = weeks[weeks["account_id"] == row["account_id"]].sort_values("week_start")
        age = np.arange(len(seen)) - (len(seen) - 1)
        ax.plot(age, seen["use_adjusted"], "o-", color=GREY, ms=3, lw=1)
        inside = age > -int(row["weeks"])
        fitted = row["use_per_week"] * (1 + row["slope_per_week"]) ** age[inside]
        ax.plot(age[inside], fitted, color=colour, lw=2.5)
        ax.set(xlabel="weeks before the cutoff", ylim=(0, None))
        ax.annotate(
            f"{label(row['account_id'])}\n{row['slope_per_week']:+.1%} a week",
            (0.04, 0.04),
            xycoords="axes fraction",
            color=INK,
            fontsize=8.5,
        )
    axes[0].set_ylabel(f"{measure.split(',')[0]}")
    return axes


def _example(trends: pd.DataFrame) -> pd.Series:
    """Pick a telling account: among the upper half by use, the smallest p (plateau: largest)."""
    busy = trends[trends["use_per_week"] >= trends["use_per_week"].median()]
    flat = busy["kind"].iloc[0] in ("plateau", "none")
    by = ["p_value", "account_id"]
    return busy.sort_values(by, ascending=[not flat, True]).iloc[0]
