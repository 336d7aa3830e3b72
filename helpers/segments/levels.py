"""What is known of a group of accounts, in numbers and in words: the base of its name.

A group is a cluster, or a single account where no clusters were found. Cut points are absolute
where a number means the same everywhere (a fall of 18 % in a month). How often and how widely
a product is used is judged by the company's own quantiles where these lie below the absolute
cut: nobody opens payroll software every day.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.segments.lifecycle import DAILY, WEEKLY, decline_votes, season_adjusted_change
from helpers.segments.readings import days_active_per_week, percentile_cut, reading, silent_days

__all__ = ["ASPECTS", "Yardstick", "levels_of", "readings_of", "yardstick_of"]

ASPECTS = ("stage", "direction", "use", "breadth", "support", "mood", "limits")

DEEP, FREQUENT, RARE = 4.5, DAILY, WEEKLY
"""Days a week of a typical person; the last two as for the engagement level."""
INTENSE = MUCH_MORE = 1.5
"""Actions per person and days a week, as a multiple of the company's median account."""
WIDE, NARROW = 0.60, 0.30
"""Share of the product's features in use."""
FALLING, RISING = -0.18, 0.20
"""Change of use in 30 days beyond the season's."""
SILENT = 30
MANY_TICKETS, FEW_TICKETS, SURGE = 1.5, 0.8, 0.5
"""Tickets per person as a multiple of the company's, and their rise against the period before."""
HAPPY, UNHAPPY = 50, 0
"""Net promoter score: promoters minus detractors, in points."""
NEAR_LIMIT = 0.85
FIRST_MONTH, NEW, MATURE = 30, 90, 365
"""Days since sign-up."""


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """What is much and what is little in this company: quantiles of its live accounts.

    Parameters
    ----------
    deep, frequent, rare : float
        Days a week of a typical person: the 90th, 75th and 25th percentile, the first two at
        least half as much again as the median account; NaN if unknown.
    wide, narrow : float
        Share of features in use: the 75th and 25th percentile.
    actions, tickets : float
        Actions and tickets per person a month: median and mean.
    """

    deep: float = float("nan")
    frequent: float = float("nan")
    rare: float = float("nan")
    wide: float = float("nan")
    narrow: float = float("nan")
    actions: float = float("nan")
    tickets: float = float("nan")


def _lower(absolute: float, company: float) -> float:
    """Return the cut point: absolute, or the company's own where that is lower."""
    return min(absolute, company) if company > 0 else absolute


def _per_person(features: pd.DataFrame) -> pd.DataFrame:
    people = reading(features, "active_users__n", days=90).clip(lower=1).fillna(1)
    monthly = reading(features, "active_users__n", days=30).clip(lower=1).fillna(1)
    return pd.DataFrame(
        {
            "actions": reading(features, "events__n", days=30, scaled=True) / monthly,
            "tickets": reading(features, "tickets__n", days=90, scaled=True) / 3 / people,
        }
    )


def yardstick_of(features: pd.DataFrame) -> Yardstick:
    """Measure the company's scale on its live accounts at one date."""
    rates, days = _per_person(features), days_active_per_week(features, estimate=True)
    usual = percentile_cut(days, 0.50)
    adoption = reading(features, "adoption__share_90d")
    return Yardstick(
        deep=max(percentile_cut(days, 0.90), MUCH_MORE * usual),
        frequent=max(percentile_cut(days, 0.75), MUCH_MORE * usual),
        rare=percentile_cut(days, 0.25),
        wide=percentile_cut(adoption, 0.75),
        narrow=percentile_cut(adoption, 0.25),
        actions=float(rates["actions"].median()),
        tickets=float(rates["tickets"].mean()),
    )


def readings_of(features: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Summarise accounts by group.

    Parameters
    ----------
    features : DataFrame, (n_accounts, n_features)
        Live accounts at one date.
    groups : Series, (n_accounts,)
        Group of each account.

    Returns
    -------
    DataFrame, (n_groups, 12)
        Indexed by group: ``n_accounts``, ``age_days``, ``days_per_week``, ``adoption``,
        ``actions`` (per person a month), ``change`` (30 days), ``declining_share``,
        ``silent_share``, ``tickets`` (per person a month), ``tickets_change``, ``nps``
        (points), ``limit_share``. Medians, except rates and shares, which are means.
    """
    rates = _per_person(features)
    limits = pd.concat(
        [reading(features, f"{name}__share") for name in ("seats", "storage", "api")], axis=1
    )
    score = reading(features, "nps_last")
    promoters = ((score >= 9).astype(float) - (score <= 6)).where(score.notna())
    columns = pd.DataFrame(
        {
            "age_days": reading(features, "age_days"),
            "days_per_week": days_active_per_week(features, estimate=True),
            "adoption": reading(features, "adoption__share_90d"),
            "actions": rates["actions"],
            "change": season_adjusted_change(features),
            "declining_share": (decline_votes(features) >= 2).astype(float),
            "silent_share": _silent(features),
            "tickets": rates["tickets"],
            "tickets_change": reading(features, "tickets__change_30d"),
            "nps": 100 * promoters,
            "limit_share": limits.max(axis=1),
        }
    )
    means = ["declining_share", "silent_share", "tickets", "tickets_change", "nps"]
    grouped = columns.groupby(groups)
    summary = grouped.median()
    summary[means] = grouped[means].mean()
    summary.insert(0, "n_accounts", grouped.size())
    return summary


def _silent(features: pd.DataFrame) -> pd.Series:
    """Tell who is silent; unknown where no event and no login is known of anybody."""
    last = reading(features, "days_since_last_event")
    last = last.fillna(reading(features, "days_since_last_login"))
    if not last.notna().any():
        return pd.Series(np.nan, index=features.index)
    return (silent_days(features) >= SILENT).astype(float)


def levels_of(
    readings: pd.DataFrame | Mapping[str, float], yardstick: Yardstick | None = None
) -> pd.DataFrame:
    """Put readings into words.

    Parameters
    ----------
    readings : DataFrame or mapping
        From :func:`readings_of`; or a single profile as a mapping with any of its columns.
    yardstick : Yardstick, optional
        The company's scale; without it only absolute cut points are used.

    Returns
    -------
    DataFrame, (n_groups, 7)
        One column an aspect (:data:`ASPECTS`); an empty text where it is not known.
    """
    table = pd.DataFrame([readings]) if isinstance(readings, Mapping) else readings
    known = {name: table[name].astype(float) if name in table else None for name in _READINGS}
    blank = pd.Series(np.nan, index=table.index)
    value = {name: blank if column is None else column for name, column in known.items()}
    company = yardstick or Yardstick()
    return pd.DataFrame(
        {
            "stage": _cut(
                value["age_days"],
                ((FIRST_MONTH, "first month"), (NEW, "new"), (MATURE, "established")),
                "mature",
            ),
            "direction": _direction(value),
            "use": _use(value, company),
            "breadth": _cut(
                value["adoption"],
                (
                    (_lower(NARROW, company.narrow), "narrow"),
                    (_lower(WIDE, company.wide), "middling"),
                ),
                "wide",
            ),
            "support": _support(value, company),
            "mood": _cut(value["nps"], ((UNHAPPY, "unhappy"), (HAPPY, "mixed")), "happy"),
            "limits": _cut(value["limit_share"], ((NEAR_LIMIT, "far"),), "near"),
        },
        index=table.index,
    )


_READINGS = (
    "age_days",
    "days_per_week",
    "adoption",
    "actions",
    "change",
    "declining_share",
    "silent_share",
    "tickets",
    "tickets_change",
    "nps",
    "limit_share",
)


def _cut(values: pd.Series, below: tuple[tuple[float, str], ...], otherwise: str) -> pd.Series:
    """Name values by the first bound they lie below; missing stays empty."""
    conditions = [values.isna(), *(values < bound for bound, _ in below)]
    names = ["", *(name for _, name in below)]
    return pd.Series(
        np.select([c.to_numpy(bool) for c in conditions], names, default=otherwise),
        index=values.index,
        dtype="str",
    )


def _direction(value: Mapping[str, pd.Series]) -> pd.Series:
    falling = (
        (value["change"] <= FALLING)
        | (value["declining_share"] >= 0.5)
        | (value["silent_share"] >= 0.5)
    )
    direction = _cut(value["change"], ((RISING, "steady"),), "rising")
    return direction.mask(falling, "falling")


def _use(value: Mapping[str, pd.Series], company: Yardstick) -> pd.Series:
    cuts = (
        (_lower(RARE, company.rare), "rare"),
        (_lower(FREQUENT, company.frequent), "weekly"),
        (_lower(DEEP, company.deep), "frequent"),
    )
    use = _cut(value["days_per_week"], cuts, "deep")
    intense = value["actions"] >= INTENSE * company.actions
    return use.mask((use == "frequent") & intense, "deep")


def _support(value: Mapping[str, pd.Series], company: Yardstick) -> pd.Series:
    ratio = value["tickets"] / (company.tickets if company.tickets > 0 else 1.0)
    support = _cut(ratio, ((FEW_TICKETS, "low"), (MANY_TICKETS, "usual")), "high")
    return support.mask(value["tickets_change"] >= SURGE, "high")
