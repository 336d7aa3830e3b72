"""Turn features into comparable dimension scores, the same way at every date.

Each ingredient is put on a robust scale; a dimension is the mean of its ingredients, scaled
again, so that each dimension weighs what it is declared to. What was learnt from the accounts of
one date is kept, so that the accounts of another date are put on the same scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.segments.dimensions import DIMENSIONS, Dimension
from helpers.segments.scaling import CLIP, Learnt, learn, scale, spread

__all__ = ["Preparation", "dimension_scores", "fit_preparation"]

DIGITS = 9
"""Scores are rounded: the last bits depend on the number of threads."""


@dataclass(frozen=True)
class Preparation:
    """What was learnt from the accounts of one date.

    Parameters
    ----------
    learnt : tuple of Learnt
        Every declared ingredient, also those that are left out, with the reason.
    dimensions : DataFrame
        One row a dimension: ``dimension``, ``meaning``, ``n_features``, ``weight``, ``centre``,
        ``scale``, ``missing`` (policy), ``n_missing`` (accounts), ``used``.
    correlated : DataFrame
        Pairs of features of which one was dropped.
    """

    learnt: tuple[Learnt, ...]
    dimensions: pd.DataFrame
    correlated: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Names of the dimensions in use, in order."""
        return self.dimensions.loc[self.dimensions["used"], "dimension"].tolist()

    @property
    def ingredients(self) -> pd.DataFrame:
        """One row an ingredient: where it belongs, how it is treated, why it is left out."""
        return pd.DataFrame(
            {
                "dimension": item.dimension,
                "feature": item.feature,
                "transform": item.ingredient.transform,
                "per_person": item.ingredient.per_person,
                "n_missing": item.n_missing,
                "missing_means": item.ingredient.absent or "unknown: does not count",
                "used": not item.reason,
                "reason": item.reason,
            }
            for item in self.learnt
        )


def fit_preparation(
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    max_correlation: float = 0.95,
    dimensions: Sequence[Dimension] = DIMENSIONS,
) -> Preparation:
    """Learn units, centres and scales from the live accounts of one date.

    Parameters
    ----------
    features : DataFrame, (n_accounts, n_features)
        Live accounts at one ``as_of``.
    dictionary : DataFrame
        Of the features: ``feature`` and ``behavioural``. A feature that is not behavioural is
        refused, unless its dimension says that it is about something else.
    max_correlation : float
        Of two ingredients correlated more strongly than that, the later one is dropped.
    dimensions : sequence of Dimension
        What to compare.

    Returns
    -------
    Preparation
        With the reason for everything that was left out.
    """
    behavioural = set(dictionary.loc[dictionary["behavioural"].astype(bool), "feature"])
    found = [
        learn(
            features,
            ingredient,
            dimension.name,
            behavioural if dimension.behaviour else set(dictionary["feature"]),
        )
        for dimension in dimensions
        for ingredient in dimension.ingredients
    ]
    found, scaled = _drop_identical(features, _without_fallbacks(found))
    found, pairs = _drop_correlated(found, scaled, max_correlation)
    return Preparation(tuple(found), _learn_dimensions(scaled, found, dimensions), pairs)


def dimension_scores(features: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """Score accounts, of any date, in the dimensions of a preparation.

    Returns
    -------
    DataFrame, (n_rows, n_dimensions)
        Robust standard deviations from the median account of the date it was learnt at, times
        the dimension's weight; 0 where nothing is known. Indexed like ``features``.
    """
    used = preparation.dimensions[preparation.dimensions["used"]].set_index("dimension")
    kept = [item for item in preparation.learnt if not item.reason]
    scaled = pd.DataFrame({item.feature: scale(features, item) for item in kept})
    means = _means(scaled.reindex(features.index), kept)[used.index]
    scores = ((means - used["centre"]) / used["scale"]).clip(-CLIP, CLIP)
    return (scores * used["weight"]).fillna(0.0).round(DIGITS)


def _without_fallbacks(found: list[Learnt]) -> list[Learnt]:
    """Refuse fallbacks of dimensions that have something better."""
    better = {item.dimension for item in found if not (item.reason or item.ingredient.fallback)}
    return [
        item.refused("there are better ones")
        if item.ingredient.fallback and not item.reason and item.dimension in better
        else item
        for item in found
    ]


def _drop_identical(
    features: pd.DataFrame, found: list[Learnt]
) -> tuple[list[Learnt], pd.DataFrame]:
    """Refuse an ingredient that repeats an earlier one; return the scaled ones that are left."""
    columns: dict[str, pd.Series] = {}
    kept = []
    for item in found:
        twins: list[str] = []
        if not item.reason:
            values = scale(features, item).round(DIGITS)
            twins = [name for name, other in columns.items() if values.equals(other)]
            if not twins:
                columns[item.feature] = values
        kept.append(item.refused(f"identical with {twins[0]}") if twins else item)
    return kept, pd.DataFrame(columns, index=features.index)


def _drop_correlated(
    found: list[Learnt], scaled: pd.DataFrame, threshold: float
) -> tuple[list[Learnt], pd.DataFrame]:
    from helpers.features import drop_correlated

    kept, pairs = drop_correlated(scaled, threshold=threshold)
    reason = f"correlated more than {threshold:g} with one that is kept"
    return [
        item if item.reason or item.feature in kept else item.refused(reason) for item in found
    ], pairs


def _means(scaled: pd.DataFrame, learnt: Sequence[Learnt]) -> pd.DataFrame:
    """Average the ingredients of each dimension; missing where all of them are."""
    families: dict[str, list[str]] = {}
    for item in learnt:
        if not item.reason:
            families.setdefault(item.dimension, []).append(item.feature)
    means = {name: scaled[columns].mean(axis=1) for name, columns in families.items()}
    return pd.DataFrame(means, index=scaled.index)


def _learn_dimensions(
    scaled: pd.DataFrame, found: Sequence[Learnt], dimensions: Sequence[Dimension]
) -> pd.DataFrame:
    means = _means(scaled, found)
    rows = []
    for dimension in dimensions:
        values = means.get(dimension.name, pd.Series(float("nan"), index=scaled.index))
        size = spread(values)
        rows.append(
            {
                "dimension": dimension.name,
                "meaning": dimension.meaning,
                "n_features": sum(
                    item.dimension == dimension.name and not item.reason for item in found
                ),
                "weight": dimension.weight,
                "centre": float(values.median()) if size > 0 else 0.0,
                "scale": size if size > 0 else 1.0,
                "missing": dimension.missing,
                "n_missing": int(values.isna().sum()),
                "used": size > 0,
            }
        )
    return pd.DataFrame(rows)
