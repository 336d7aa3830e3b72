"""What changed beside the alert itself: every watched signal of the account, with numbers."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.scene import Scene
from helpers.anomalies.texts import metric_words, number, percent
from helpers.stats import safe_ratio

__all__ = ["CHANGE_COLUMNS", "changes_of", "note_of", "watch"]

Single = NDArray[np.float32]

CHANGE_COLUMNS = [
    *("account_id", "kind", "metric", "window_days", "baseline_per_week", "recent_per_week"),
    *("change", "p_value", "worse"),
]
NOTED = 2
"""Signals that the evidence of an alert names beside its own."""


def watch(scene: Scene, account: NDArray[np.intp], end: NDArray[np.intp]) -> Single:
    """Measure every signal that can worry, in the window in which it is least likely by chance.

    Parameters
    ----------
    scene : Scene
    account, end : ndarray of int, (n,)
        Positions of accounts and among the ends.

    Returns
    -------
    ndarray of float32, (n, n_signals, 4)
        ``p_value`` (in the direction that worries), ``window_days``, expected and observed count
        a week; NaN where a signal cannot worry or was not tested. Of equal ones the longest
        window.
    """
    names = scene.week.names
    out = np.full((len(account), len(names), 4), np.nan)
    for index, name in enumerate(names):
        risk = scene.activity.signal(name).risk
        side = "p_low" if risk == "down" else "p_high"
        best = np.full(len(account), np.inf)
        for days in sorted(scene.windows, reverse=True):
            surprise = scene.windows[days]
            if not risk or not surprise.has(name):
                continue
            p, seen, due = (
                surprise.of(name, what)[account, end] for what in (side, "observed", "expected")
            )
            better = np.isfinite(p) & (p < best)
            best = np.where(better, p, best)
            values = np.stack([p, np.full(len(p), float(days)), due * 7 / days, seen * 7 / days])
            out[better, index] = values[:, better].T
    return out.astype(np.float32)


def changes_of(watched: Single, names: tuple[str, ...], backing: list[str]) -> pd.DataFrame:
    """Lay out what :func:`watch` measured of one account.

    Parameters
    ----------
    watched : ndarray, (n_signals * 4,) or (n_signals, 4)
    names : tuple of str
        Signals, in that order.
    backing : list of str
        Signals that bear the alert out.

    Returns
    -------
    DataFrame
        ``metric``, ``window_days``, ``baseline_per_week``, ``recent_per_week`` (what the cohort
        did is taken out of the baseline), ``change`` (relative), ``p_value``, ``worse`` (it
        bears the alert out); the least likely first.
    """
    p, days, due, seen = np.asarray(watched, float).reshape(len(names), 4).T
    frame = pd.DataFrame(
        {
            "metric": list(names),
            "window_days": days,
            "baseline_per_week": due,
            "recent_per_week": seen,
            "change": np.where(due > 0, safe_ratio(seen, due) - 1, np.nan),
            "p_value": p,
            "worse": [name in backing for name in names],
        }
    )
    told = frame[np.isfinite(p)].astype({"window_days": int, "metric": object})
    return told.sort_values(["p_value", "metric"], ignore_index=True)[CHANGE_COLUMNS[2:]]


def note_of(changes: pd.DataFrame, own: str) -> str:
    """Name the signals that bear an alert out, its own one left out.

    Returns
    -------
    str
        Such as "also logins −38 %, errors 1.2 → 4.8 a week"; empty if there are none.
    """
    others = changes[changes["worse"] & (changes["metric"] != own)].head(NOTED)
    parts = []
    for metric, before, after, change in others[
        ["metric", "baseline_per_week", "recent_per_week", "change"]
    ].itertuples(index=False):
        words = metric_words(metric)
        if before >= 10 and change < 0:
            parts.append(f"{words} {percent(change)}")
        else:
            parts.append(f"{words} {number(before)} \N{RIGHTWARDS ARROW} {number(after)} a week")
    return f"also {', '.join(parts)}" if parts else ""
