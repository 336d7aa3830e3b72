"""The part of the history that a verdict needs: nothing after its end, nothing long before it.

So the cost of judging a day does not grow with the history, and no verdict can look ahead.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.anomalies.signals import Activity, Cube

__all__ = ["clip", "with_first_uses"]


def with_first_uses(activity: Activity) -> Activity:
    """Note on which day each account first used each feature, and each user did anything.

    Parameters
    ----------
    activity : Activity

    Returns
    -------
    Activity
        With ``feature_since`` (n_features, n_accounts) and ``user_since`` (n_users,): positions
        of days, ``n_days`` where there was none.
    """
    if activity.feature_since is not None and activity.user_since is not None:
        return activity
    features = [_first(counts) for counts in activity.features.counts]
    shape = (len(activity.features.names), len(activity.accounts))
    return replace(
        activity,
        feature_since=np.stack(features) if features else np.zeros(shape, np.intp),
        user_since=_first(activity.user_days),
    )


def _first(counts: NDArray[np.float32]) -> NDArray[np.intp]:
    """Position of the first day with anything; the number of days where there is none."""
    used = counts > 0
    n_days = counts.shape[1]
    return np.where(used.any(axis=1), used.argmax(axis=1), n_days) if n_days else used.sum(axis=1)


def clip(activity: Activity, first: int, last: int) -> Activity:
    """Return the days from ``first`` to before ``last``; positions count from ``first``.

    Parameters
    ----------
    activity : Activity
    first, last : int
        Positions of days, 0 <= first <= last <= n_days.

    Returns
    -------
    Activity
        Arrays are views. What was used before the first day is still known by its (negative)
        ``feature_since`` and ``user_since``.
    """
    whole = with_first_uses(activity)
    if (first, last) == (0, len(whole.days)):
        return whole
    assert whole.feature_since is not None
    assert whole.user_since is not None
    days = slice(first, last)
    return replace(
        whole,
        days=whole.days[days],
        alive=whole.alive[:, days],
        observed=whole.observed[days],
        signals=_days_of(whole.signals, days),
        features=_days_of(whole.features, days),
        user_days=whole.user_days[:, days],
        actions=_rows_of(whole.actions, days),
        levels=None if whole.levels is None else _rows_of(whole.levels, days),
        terms=_shifted(whole.terms, first),
        feature_since=whole.feature_since - first,
        user_since=whole.user_since - first,
    )


def _days_of(cube: Cube, days: slice) -> Cube:
    return replace(cube, counts=cube.counts[:, :, days])


def _rows_of(rows: pd.DataFrame, days: slice) -> pd.DataFrame:
    inside = rows[(rows["day"] >= days.start) & (rows["day"] < days.stop)]
    return inside.assign(day=inside["day"] - days.start)


def _shifted(terms: pd.DataFrame | None, first: int) -> pd.DataFrame | None:
    if terms is None:
        return None
    return terms.assign(from_day=terms["from_day"] - first, to_day=terms["to_day"] - first)
