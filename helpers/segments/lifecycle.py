"""Where an account stands: its lifecycle stage and its engagement level.

Both are total functions of an account's features at one date: every account gets exactly one
stage and one level, whatever is missing. Where two descriptions fit, the written precedence
decides: Churned > Dormant > At Risk > Power User > the stage of the account's age. Intervals
are half-open: day 30 is Adopting, day 90 is Established.
"""

import numpy as np
import pandas as pd

from helpers.segments.readings import days_active_per_week, reading, silent_days

__all__ = [
    "ENGAGEMENT_LEVELS",
    "LIFECYCLE_STAGES",
    "decline_votes",
    "engagement_level",
    "lifecycle_stage",
    "season_adjusted_change",
]

LIFECYCLE_STAGES = (
    "Onboarding",
    "Adopting",
    "Established",
    "Power User",
    "At Risk",
    "Dormant",
    "Churned",
)
ENGAGEMENT_LEVELS = (
    "Highly Engaged",
    "Moderately Engaged",
    "Lightly Engaged",
    "Barely Engaged",
    "Disengaged",
)

ONBOARDING_DAYS, ADOPTING_DAYS = 30, 90
DORMANT_DAYS, CHURNED_DAYS = 60, 90
"""Silent for [60, 90] days is dormant, for more than 90 churned."""
DAILY, WEEKLY = 2.24, 0.48
"""Days a week from which use is nearer, in ratio, to a working week than to one day a week (the
root of 5 x 1), and nearer to one day a week than to one in thirty days (the root of 1 x 7/30)."""
ADVANCED_ADOPTION = 0.6
"""Share of the features in use that counts as advanced where no feature is marked premium."""
FALLING_CHANGE, FALLING_SLOPE, FALLING_SHARE = -0.18, -0.035, 0.60
"""A decline of 5 % a week gives -20 % in 30 days and a slope of -0.051; both with a margin. The
share of the best month is that of the account over that of the median account."""
MIN_PEERS = 20
"""Fewer live accounts than this do not show what is usual for the season."""


def season_adjusted_change(features: pd.DataFrame) -> pd.Series:
    """Change of events in 30 days beyond what the company's accounts did at that date.

    When every account is quiet (holidays, the end of a quarter) none of them is declining: the
    change is taken relative to the median account of the same ``as_of``.

    Returns
    -------
    Series of float
        Share, -1 to infinity; missing for an account younger than two windows.
    """
    change = reading(features, "events__change_30d").clip(lower=-1.0)
    usual = _of_peers(features, change, otherwise=0.0)
    return ((1 + change) / (1 + usual.clip(lower=-0.9)) - 1).rename("change_30d")


def _of_peers(features: pd.DataFrame, values: pd.Series, *, otherwise: float) -> pd.Series:
    """Median of ``values`` over live accounts of the same date; a fixed one where they are few."""
    live = features["is_live"].fillna(True).astype(bool)
    peers = values.where(live).groupby(features["as_of"])
    enough = peers.transform("count") >= MIN_PEERS
    return peers.transform("median").where(enough, otherwise).fillna(otherwise)


def decline_votes(features: pd.DataFrame) -> pd.Series:
    """Count how many of three views of the trend show a decline.

    The change of the last 30 days against the 30 before, the slope of 12 weeks, and the last
    four weeks against the account's best four; each beyond what the median account of the same
    date does. One alone is often noise, two are a decline.

    Returns
    -------
    Series of int, 0 to 3
        A view that is missing (short history) does not vote.
    """
    slope = reading(features, "events__slope_90d")
    slope = slope - _of_peers(features, slope, otherwise=0.0)
    share = reading(features, "events__share_of_peak")
    share = share / _of_peers(features, share, otherwise=1.0).clip(lower=0.01)
    votes = (
        (season_adjusted_change(features) <= FALLING_CHANGE).astype(int)
        + (slope <= FALLING_SLOPE).astype(int)
        + (share <= FALLING_SHARE).astype(int)
    )
    return votes.rename("decline_votes")


def lifecycle_stage(features: pd.DataFrame) -> pd.Series:
    """Return the lifecycle stage of each account and date.

    Parameters
    ----------
    features : DataFrame
        Feature table; reads ``is_live``, ``age_days``, ``days_since_last_event``, the trend
        and the breadth of use.

    Returns
    -------
    Series of str
        One of :data:`LIFECYCLE_STAGES`; never missing.
    """
    silent, age = silent_days(features), reading(features, "age_days")
    gone = ~features["is_live"].fillna(True).astype(bool)
    power = (engagement_level(features) == ENGAGEMENT_LEVELS[0]) & _uses_advanced(features)
    rules = [
        (gone | (silent > CHURNED_DAYS), "Churned"),
        (silent >= DORMANT_DAYS, "Dormant"),
        (decline_votes(features) >= 2, "At Risk"),
        (power, "Power User"),
        (age < ONBOARDING_DAYS, "Onboarding"),
        (age < ADOPTING_DAYS, "Adopting"),
    ]
    return _first_match(rules, "Established", features.index, "lifecycle_stage")


def engagement_level(features: pd.DataFrame) -> pd.Series:
    """Return how often and how widely an account uses the product.

    Returns
    -------
    Series of str
        One of :data:`ENGAGEMENT_LEVELS`; never missing. A condition on features used counts
        as met where no feature is recorded.
    """
    often = days_active_per_week(features, estimate=True).fillna(0.0)
    several = reading(features, "features_used__n", days=30).fillna(2) >= 2
    core = reading(features, "core_features_used__n", days=30).fillna(1) >= 1
    recent = reading(features, "active_days__n", days=30).fillna(often) > 0
    rules = [
        (silent_days(features) >= DORMANT_DAYS, "Disengaged"),
        ((often >= DAILY) & several & core, "Highly Engaged"),
        ((often >= WEEKLY) & core, "Moderately Engaged"),
        (recent, "Lightly Engaged"),
    ]
    return _first_match(rules, "Barely Engaged", features.index, "engagement_level")


def _uses_advanced(features: pd.DataFrame) -> pd.Series:
    premium = reading(features, "premium_features_used__n", days=30)
    broad = reading(features, "adoption__share_90d") >= ADVANCED_ADOPTION
    return (premium >= 1).where(premium.notna(), broad)


def _first_match(
    rules: list[tuple[pd.Series, str]], otherwise: str, index: pd.Index, name: str
) -> pd.Series:
    conditions = [condition.to_numpy(bool) for condition, _ in rules]
    labels = np.select(conditions, [label for _, label in rules], default=otherwise)
    return pd.Series(labels, index=index, name=name, dtype="str")
