"""Read one feature from the feature table, whatever windows the run was made with.

A feature is asked for by its meaning ("tickets in about 90 days"); the nearest window that
the table has is taken. A feature whose source is absent reads as missing, never as zero.
"""

import re

import numpy as np
import pandas as pd

__all__ = [
    "DAYS_PER_WEEK",
    "days_active_per_week",
    "percentile_cut",
    "reading",
    "silent_days",
    "window_of",
]

DAYS_PER_WEEK = "days_per_week"
"""Name of the one derived reading: days a week on which a typical person is active."""


def window_of(columns: pd.Index, stem: str, days: int) -> int | None:
    """Return the window (days) nearest to ``days`` for which ``<stem>_<w>d`` is a column.

    Ties go to the shorter window; ``None`` if the table has no such column.
    """
    pattern = re.compile(re.escape(stem) + r"_(\d+)d")
    matches = (pattern.fullmatch(str(name)) for name in columns)
    windows = [int(match.group(1)) for match in matches if match]
    return min(windows, key=lambda w: (abs(w - days), w)) if windows else None


def reading(
    features: pd.DataFrame, name: str, *, days: int | None = None, scaled: bool = False
) -> pd.Series:
    """Return one feature as numbers.

    Parameters
    ----------
    features : DataFrame, (n_rows, n_features)
        The feature table of 02.
    name : str
        Column name; with ``days`` its stem, e.g. ``"tickets__n"`` for ``tickets__n_90d``.
    days : int, optional
        The window wanted; the nearest one is read.
    scaled : bool
        Scale a count to exactly ``days`` days, when the table has another window.

    Returns
    -------
    Series of float, (n_rows,)
        Missing where the feature is missing, or not in the table at all.
    """
    column, factor = name, 1.0
    if days is not None:
        window = window_of(features.columns, name, days)
        column = f"{name}_{window or days}d"
        factor = days / window if scaled and window else 1.0
    if column not in features.columns:
        return pd.Series(np.nan, index=features.index, name=column)
    values = features[column].astype("float64").replace([np.inf, -np.inf], np.nan)
    return (values * factor).rename(column)


def days_active_per_week(features: pd.DataFrame, *, estimate: bool = False) -> pd.Series:
    """Days a week on which a typical person of the account is active (0 to 7).

    Stickiness (mean daily over monthly active users) where users are known, so that an
    account with many occasional users does not pass for a daily one; otherwise the
    account's own active days. Missing only where neither is known.

    Where neither is known of anybody (a snapshot without events), ``estimate`` takes it from the
    days since the last login or event: seen on a random day, one who comes every ``g`` days was
    last there ``(g + 1) / 2`` days ago on average.
    """
    account = reading(features, "active_days__n", days=30, scaled=True) / 30
    person = reading(features, "stickiness_30d")
    known = person.fillna(account)
    if estimate and known.isna().all():
        last = reading(features, "days_since_last_login")
        last = last.fillna(reading(features, "days_since_last_event"))
        known = 1 / (2 * last - 1).clip(lower=1)
    return (7 * known).rename(DAYS_PER_WEEK)


def silent_days(features: pd.DataFrame) -> pd.Series:
    """Days without an event; an account that never had one is silent since it signed up."""
    silent = reading(features, "days_since_last_event")
    return silent.fillna(reading(features, "age_days")).rename("silent_days")


def percentile_cut(values: pd.Series, share: float) -> float:
    """Return the quantile ``share`` of the values that are there; NaN if there are none."""
    known = values.dropna()
    return float(known.quantile(share)) if len(known) else float("nan")
