"""What changed beside the alert itself: every watched signal of the account, with numbers."""

import numpy as np
import pandas as pd

from helpers.anomalies.scene import Scene
from helpers.anomalies.surprise import Surprise
from helpers.anomalies.texts import metric_words, number, percent

__all__ = ["CHANGE_COLUMNS", "changes_of", "note_of"]

CHANGE_COLUMNS = [
    *("account_id", "kind", "metric", "window_days", "baseline_per_week", "recent_per_week"),
    *("change", "p_value", "worse"),
]
NOTED = 2
"""Signals that the evidence of an alert names beside its own."""


def changes_of(scene: Scene, account: int, end: int) -> pd.DataFrame:
    """List every signal that can worry, in the window in which it is least likely by chance.

    Parameters
    ----------
    scene : Scene
    account, end : int
        Positions of the account and among the ends.

    Returns
    -------
    DataFrame
        ``metric``, ``window_days``, ``baseline_per_week``, ``recent_per_week`` (what the cohort
        did is taken out of the baseline), ``change`` (relative), ``p_value`` (in the direction
        that worries), ``worse`` (it bears an alert out); the least likely first.
    """
    rows = []
    for name, backed in zip(scene.week.names, scene.backing[:, account, end], strict=True):
        risk = scene.activity.signal(name).risk
        measured = [s for s in scene.windows.values() if s.has(name) and risk]
        side = "p_low" if risk == "down" else "p_high"
        values = [(_at(s, name, side, account, end), -s.plan.window_days, s) for s in measured]
        known = [value for value in values if np.isfinite(value[0])]
        if known:
            p, _, surprise = min(known, key=lambda value: value[:2])
            rows.append(_row(surprise, name, account, end) | {"p_value": p, "worse": bool(backed)})
    frame = pd.DataFrame(rows, columns=CHANGE_COLUMNS[2:])
    return frame.sort_values(["p_value", "metric"], ignore_index=True)


def _row(surprise: Surprise, name: str, account: int, end: int) -> dict[str, object]:
    weeks = surprise.plan.window_days / 7
    seen, due = (_at(surprise, name, what, account, end) for what in ("observed", "expected"))
    return {
        "metric": name,
        "window_days": surprise.plan.window_days,
        "baseline_per_week": due / weeks,
        "recent_per_week": seen / weeks,
        "change": seen / due - 1 if due > 0 else np.nan,
    }


def _at(surprise: Surprise, name: str, what: str, account: int, end: int) -> float:
    return float(surprise.of(name, what)[account, end])


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
