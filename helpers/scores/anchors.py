"""Put a feature on a scale of 0 to 100 by written anchors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import ParameterError

__all__ = ["Anchors", "weighted_score"]


@dataclass(frozen=True)
class Anchors:
    """Points through which a value is mapped to 0..100; straight lines between them.

    Parameters
    ----------
    points : sequence of (value, score)
        Values rise strictly; the first and last score are 0 and 100, or 100 and 0. Beyond
        the ends the score stays what it is there.

    Raises
    ------
    ParameterError
        If the points do not rise, or their scores do not run from one end to the other.
    """

    points: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        values = [value for value, _ in self.points]
        scores = [score for _, score in self.points]
        ordered = scores in (sorted(scores), sorted(scores, reverse=True))
        if sorted(set(values)) != values or not ordered or {scores[0], scores[-1]} != {0, 100}:
            raise ParameterError(
                f"anchors must rise in value and run from 0 to 100 or back, got {self.points}."
            )

    def scale(self, values: pd.Series) -> pd.Series:
        """Return the scores of ``values``; missing stays missing."""
        x, y = zip(*self.points, strict=True)
        numbers = values.to_numpy(float)
        scored = np.interp(np.nan_to_num(numbers, nan=x[0]), x, y)
        return pd.Series(np.where(np.isnan(numbers), np.nan, scored), index=values.index)

    def __str__(self) -> str:
        return ", ".join(f"{value:g} → {score:g}" for value, score in self.points)


def weighted_score(
    components: pd.DataFrame, weights: dict[str, float], *, min_coverage: float
) -> tuple[pd.Series, pd.Series]:
    """Average components by weight; the weight of a missing one goes to those present.

    Parameters
    ----------
    components : DataFrame, (n_rows, n_components)
        Scores of 0 to 100, missing where nothing is known.
    weights : dict of str to float
        Column to weight; they sum to 1.
    min_coverage : float
        Rows in which less weight than this is present get no score.

    Returns
    -------
    score, coverage : Series of float
        Score 0 to 100 or missing; coverage is the share of the weight that is present.

    Raises
    ------
    ParameterError
        If the weights do not sum to 1.
    """
    if abs(sum(weights.values()) - 1) > 1e-9:
        raise ParameterError(f"weights must sum to 1, got {sum(weights.values()):.4f}.")
    given = components[list(weights)]
    share = pd.Series(weights)
    coverage = given.notna().mul(share).sum(axis=1).round(6)
    total = given.mul(share).sum(axis=1)  # missing counts as nothing, in both sums
    score = (total / coverage.where(coverage > 0)).clip(0, 100)
    return score.where(coverage >= min_coverage - 1e-9), coverage
