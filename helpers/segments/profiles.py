"""What distinguishes each segment: metrics people know, with how sure the difference is."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from helpers.segments.readings import days_active_per_week, reading, window_of
from helpers.segments.segmentation import CHURNED, Segmentation, live_at

__all__ = ["METRICS", "PROFILE_COLUMNS", "order_segments", "profile_segments"]

WINSOR = 0.01
"""Shares cut off at both ends before differences are standardised: one giant is not a segment."""

METRICS: tuple[tuple[str, int | None, str], ...] = (
    ("days_per_week", None, "days a week, per active person"),
    ("logins__n", 30, "logins in 30 days"),
    ("active_users__n", 30, "people active in 30 days"),
    ("session_minutes__mean", 90, "minutes a session"),
    ("adoption__share_90d", None, "share of features in use"),
    ("features_used__n", 30, "features used in 30 days"),
    ("premium_features_used__n", 30, "premium features used in 30 days"),
    ("events__change", 30, "change of use, 30 days against the 30 before"),
    ("events__share_of_peak", None, "latest use as a share of the account's best"),
    ("days_since_last_login", None, "days since the last login"),
    ("tickets__n", 90, "tickets in 90 days"),
    ("tickets_escalated__n_90d", None, "escalated tickets in 90 days"),
    ("csat__mean_90d", None, "rating of support, 1 to 5"),
    ("nps_last", None, "last NPS answer, 0 to 10"),
    ("help__n", 30, "help articles read in 30 days"),
    ("exploration__share_30d", None, "share of use that is new to the account"),
    ("message_open__rate_90d", None, "share of messages opened"),
    ("days_since_last_touchpoint", None, "days since we last spoke"),
    ("seats__share", None, "share of seats in use"),
    ("tenure_days", None, "days a customer"),
    ("mrr", None, "monthly recurring revenue"),
)
"""Feature (or stem and window), and what it means to a reader."""

PROFILE_COLUMNS = (
    "segment",
    "n_accounts",
    "mrr",
    "metric",
    "meaning",
    "n_known",
    "mean",
    "overall_mean",
    "rest_mean",
    "effect",
    "low",
    "high",
)


def profile_segments(features: pd.DataFrame, segmentation: Segmentation) -> pd.DataFrame:
    """Profile the segments of the newest date.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02.
    segmentation : Segmentation
        From :func:`helpers.segments.model.segment_accounts`.

    Returns
    -------
    DataFrame, (n_segments x n_metrics, 12)
        ``segment``, ``n_accounts``, ``mrr`` (sum, a month), ``metric``, ``meaning``,
        ``n_known``, ``mean``, ``overall_mean`` (of all live accounts), ``rest_mean`` (of those in
        other segments), ``effect``: the difference from the rest in standard deviations of all
        accounts, odd values pulled in, with its 95 % interval ``low`` to ``high``. A metric
        without source is not left out: its numbers are missing.

    Notes
    -----
    Held against all accounts, a segment would be held against itself in part: the larger it is,
    the smaller it would make its own difference. The spread of all accounts, not the one within
    segments, is the unit: clustering makes the latter small on purpose.

    References
    ----------
    B. L. Welch (1947), *Biometrika* 34: means of two groups of unequal spread.
    """
    live = live_at(features, segmentation.as_of)
    segments = live["account_id"].map(newest_segments(segmentation))
    values, meanings = _metric_values(live)
    money = reading(live, "mrr").groupby(segments).sum(min_count=1)
    rows = []
    for segment in order_segments(segmentation):
        members = (segments == segment).to_numpy()
        shared = {
            "segment": segment,
            "n_accounts": int(members.sum()),
            "mrr": float(money.get(segment, np.nan)),
        }
        for name, meaning in zip(values.columns, meanings, strict=True):
            rows.append(
                shared | {"metric": name, "meaning": meaning} | _compare(values[name], members)
            )
    return pd.DataFrame(rows, columns=list(PROFILE_COLUMNS))


def newest_segments(segmentation: Segmentation) -> pd.Series:
    """Return the segment of each account at the newest date, indexed by account."""
    newest = segmentation.assignments[segmentation.assignments["as_of"] == segmentation.as_of]
    return newest.set_index("account_id")["segment"]


def order_segments(segmentation: Segmentation) -> list[str]:
    """Return the segments of live accounts at the newest date, in order."""
    return [name for name in segmentation.order(newest_segments(segmentation)) if name != CHURNED]


def _metric_values(live: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Values of each metric, and what it means with the window that the table has."""
    columns, meanings = {}, []
    for stem, days, meaning in METRICS:
        meanings.append(meaning)
        if stem == "days_per_week":
            columns[stem] = days_active_per_week(live)
            continue
        window = window_of(live.columns, stem, days) if days else None
        name = f"{stem}_{window or days}d" if days else stem
        columns[name] = reading(live, name)
        if window and window != days:
            meanings[-1] = re.sub(rf"\b{days}\b", str(window), meaning)
    return pd.DataFrame(columns, index=live.index), meanings


def _compare(values: pd.Series, members: NDArray[np.bool_]) -> dict[str, float]:
    known = values.notna().to_numpy()
    mine, rest = members & known, ~members & known
    result = {
        "n_known": int(mine.sum()),
        "mean": float(values[mine].mean()),
        "overall_mean": float(values.mean()),
        "rest_mean": float(values[rest].mean()),
        "effect": float("nan"),
        "low": float("nan"),
        "high": float("nan"),
    }
    tamed = values.clip(float(values.quantile(WINSOR)), float(values.quantile(1 - WINSOR)))
    size = float(tamed.std(ddof=0)) if known.any() else 0.0
    if min(mine.sum(), rest.sum()) > 1 and size > 0:
        effect, half = _difference(tamed[mine].to_numpy() / size, tamed[rest].to_numpy() / size)
        result |= {"effect": effect, "low": effect - half, "high": effect + half}
    return result


def _difference(mine: NDArray[np.float64], rest: NDArray[np.float64]) -> tuple[float, float]:
    """Difference of two means and half its 95 % interval (Welch)."""
    parts = np.array([part.var(ddof=1) / len(part) for part in (mine, rest)])
    effect, error = float(mine.mean() - rest.mean()), float(np.sqrt(parts.sum()))
    if error == 0:
        return effect, 0.0
    freedom = parts.sum() ** 2 / (parts**2 / (len(mine) - 1, len(rest) - 1)).sum()
    return effect, float(stdtrit(freedom, 0.975)) * error
