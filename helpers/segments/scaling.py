"""Put one feature on a scale on which features can be compared, whatever its unit."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.segments.dimensions import Ingredient
from helpers.segments.readings import (
    DAYS_PER_WEEK,
    days_active_per_week,
    reading,
    window_of,
)
from helpers.stats import mad_scale

__all__ = ["CLIP", "Learnt", "learn", "scale", "spread"]

CLIP = 3.0
"""Robust standard deviations: one giant account must not stretch the map."""
MIN_KNOWN_SHARE = 0.05
"""A feature known for fewer live accounts than that says nothing about the company."""


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What is known of one ingredient at the date it was learnt.

    Parameters
    ----------
    ingredient : Ingredient
        As declared.
    dimension, feature : str
        Where it belongs, and its column.
    unit : float
        Typical size; values are divided by it before they are transformed.
    centre, scale : float
        Median and robust spread of the transformed values.
    worst : float
        What a missing value is taken for where it means something; NaN where it does not.
    n_missing : int
        Live accounts without a value.
    reason : str
        Why it is left out; empty if it is used.
    """

    ingredient: Ingredient
    dimension: str
    feature: str
    unit: float = 1.0
    centre: float = 0.0
    scale: float = 1.0
    worst: float = float("nan")
    n_missing: int = 0
    reason: str = ""

    def refused(self, reason: str) -> "Learnt":
        """Return the same ingredient, left out for a reason."""
        return replace(self, reason=reason)


def learn(
    features: pd.DataFrame, ingredient: Ingredient, dimension: str, behavioural: set[str]
) -> Learnt:
    """Learn unit, centre and scale of one ingredient from live accounts.

    Parameters
    ----------
    features : DataFrame, (n_accounts, n_features)
        Live accounts at one date.
    ingredient : Ingredient
        What to read.
    dimension : str
        Where it belongs.
    behavioural : set of str
        Features that say what an account does; others are refused.
    """
    name = ingredient.feature
    if ingredient.days is not None:
        name = f"{name}_{window_of(features.columns, name, ingredient.days) or ingredient.days}d"
    values = _raw(features, ingredient)
    missing = int(values.isna().sum())
    learnt = Learnt(ingredient=ingredient, dimension=dimension, feature=name, n_missing=missing)
    reason = _refusal(name, values, behavioural)
    if reason:
        return learnt.refused(reason)
    unit = _typical_size(values)
    changed = _transform(values, ingredient, unit)
    worst = float(changed.min()) if ingredient.absent else float("nan")
    changed = changed.fillna(worst)
    return replace(
        learnt, unit=unit, centre=float(changed.median()), scale=spread(changed), worst=worst
    )


def scale(features: pd.DataFrame, learnt: Learnt) -> pd.Series:
    """Return the ingredient of each row in robust standard deviations, clipped."""
    changed = _transform(_raw(features, learnt.ingredient), learnt.ingredient, learnt.unit)
    changed = changed.fillna(learnt.worst)
    return ((changed - learnt.centre) / learnt.scale).clip(-CLIP, CLIP)


def spread(values: pd.Series) -> float:
    """Robust scale; the plain standard deviation where half of the values are (nearly) equal."""
    if not values.notna().any():
        return 0.0
    robust, plain = float(mad_scale(values)), float(values.std(ddof=0))
    return robust if robust > 0.1 * plain else plain


def _raw(features: pd.DataFrame, ingredient: Ingredient) -> pd.Series:
    if ingredient.feature == DAYS_PER_WEEK:
        return days_active_per_week(features)
    values = reading(features, ingredient.feature, days=ingredient.days)
    if not ingredient.per_person:
        return values
    people = reading(features, "active_users__n", days=ingredient.days or 90)
    somebody = people.where(people > 0)
    return values / somebody.fillna(somebody.min() if somebody.notna().any() else 1.0)


def _refusal(name: str, values: pd.Series, behavioural: set[str]) -> str:
    if name not in behavioural and name != DAYS_PER_WEEK:
        return "not in the dictionary as behaviour"
    if values.isna().all():
        return "missing for every account: its source is absent"
    if values.notna().mean() < MIN_KNOWN_SHARE:
        return f"known for fewer than {MIN_KNOWN_SHARE:.0%} of accounts"
    return "constant" if values.nunique() < 2 else ""


def _typical_size(values: pd.Series) -> float:
    sizes = values.abs()
    return float(sizes[sizes > 0].median())


def _transform(values: pd.Series, ingredient: Ingredient, unit: float) -> pd.Series:
    sized = values / unit
    if ingredient.transform == "log":
        sized = np.log1p(sized.clip(lower=0))
    elif ingredient.transform == "signed_log":
        sized = np.sign(sized) * np.log1p(sized.abs())
    return ingredient.sign * sized
