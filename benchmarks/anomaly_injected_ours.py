"""The project's own review, as scores: what its alerts rest on, and the alerts as they are."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.anomaly_injected_draw import REVIEW_DAYS
from helpers.anomalies import Settings, analyse, build_queue
from helpers.anomalies.analysis import Analysis
from helpers.anomalies.ensemble import q_values
from helpers.anomalies.flags import find_flags
from helpers.anomalies.history import with_first_uses
from helpers.anomalies.kinds.catalogue import KINDS, kind_of
from helpers.anomalies.scene import make_ends, make_scene
from helpers.anomalies.signals import Activity

__all__ = ["review"]

Array = NDArray[np.float64]
SPIKE = "unexpected_spike"
TIES = 1e-6
"""Weight of p-values where q-values are equal (many are 1)."""


def review(activity: Activity, accounts: NDArray[np.intp], *, seed: int) -> dict[str, Array]:
    """Return scores of the accounts at the days under review, and their alerts.

    Returns
    -------
    dict of ndarray, (n_accounts, n_ends)
        ``worse``: -log10 of the smallest q-value among the flags of risks, which is what the
        review decides by (one less it is the confidence), and the ensemble's own; of equal ones
        the p-value decides.
        ``more``: -log10 of the spike's p-value. ``worse alerts``, ``more alerts``: 1 on the day
        on which an alert is first seen with the default sensitivity.
    """
    analysis = analyse(activity, Settings(seed=seed))
    whole = with_first_uses(activity)
    scene = make_scene(
        whole,
        make_ends(whole.days, review_days=REVIEW_DAYS),
        hidden=analysis.incidents.hidden,
        seed=seed,
    )
    at = np.flatnonzero(scene.is_review)
    risks = tuple(k for k in KINDS if k.direction == "risk" and k.statistical)
    flags, _ = find_flags(scene, analysis.limits.assign(max_q=1.0), kinds=risks)
    where = (flags["account"].to_numpy(np.intp), flags["end"].to_numpy(np.intp))
    votes = scene.votes.combined
    worse = _surprise(q_values(votes, scene.activity.alive[:, scene.ends - 1]))
    worse += TIES * _surprise(votes)
    of_flags = _surprise(flags["q_value"].to_numpy(float))
    np.maximum.at(worse, where, of_flags + TIES * _surprise(flags["p_value"].to_numpy(float)))
    of_spike = _surprise(kind_of(SPIKE).find(scene).p)
    pick = np.ix_(accounts, at)
    return {
        "worse": worse[pick],
        "more": of_spike[pick],
        **_alerts(analysis, accounts, scene.ends[at]),
    }


def _surprise(p: Array) -> Array:
    """-log10, and 0 where nothing was asked."""
    return np.where(np.isfinite(p), -np.log10(np.where(p > 0, p, 1.0)), 0.0)


def _alerts(
    analysis: Analysis, accounts: NDArray[np.intp], ends: NDArray[np.intp]
) -> dict[str, Array]:
    """Mark the day on which each alert of the queue, or of the review list, was first seen."""
    activity = analysis.activity
    queue = build_queue(analysis, per_week=1_000)
    alerts = pd.concat([queue.alerts, queue.review_list], ignore_index=True)
    index = pd.Index(activity.accounts["account_id"].iloc[accounts])
    row = index.get_indexer(alerts["account_id"])
    day = (alerts["detected_on"] - activity.days[0]).dt.days.to_numpy()
    column = day + 1 - ends[0]
    out = {}
    for name, mine in (("worse alerts", alerts["direction"] == "risk"),
                       ("more alerts", alerts["kind"] == SPIKE)):  # fmt: skip
        marks = np.zeros((len(accounts), len(ends)))
        good = mine.to_numpy(bool) & (row >= 0) & (column >= 0)
        marks[row[good], column[good]] = 1.0
        out[name] = marks
    return out
