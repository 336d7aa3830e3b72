"""Would the clusters come back? They are fitted again on resampled accounts and compared."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.agreement import best_jaccard
from helpers.segments.cluster import assign, canonical_order, fit_clusters

__all__ = ["MAX_ACCOUNTS", "N_STARTS_RESAMPLED", "jaccard_per_cluster", "resampled", "thinned"]

MAX_ACCOUNTS = 4_000
"""Of more accounts every n-th, in canonical order, is resampled and compared with chance."""
N_STARTS_RESAMPLED = 3


def thinned(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts in canonical order, of more than 4,000 every n-th."""
    step = -(-len(scores) // MAX_ACCOUNTS) or 1
    return scores.iloc[canonical_order(scores)[::step]]


def resampled(
    sample: pd.DataFrame, k: int, *, seed: int, n_draws: int
) -> list[NDArray[np.generic]]:
    """Fit on resampled accounts, assign all accounts of the sample."""
    rng = np.random.default_rng([seed, k])
    found = []
    for _ in range(n_draws):
        draw = sample.iloc[rng.integers(0, len(sample), len(sample))]
        kinds = len(draw.drop_duplicates())
        again = fit_clusters(draw, min(k, kinds), seed=seed, n_starts=N_STARTS_RESAMPLED)
        found.append(assign(sample, again.centres)["cluster"].to_numpy())
    return found


def jaccard_per_cluster(
    labels: NDArray[np.generic], again: Sequence[NDArray[np.generic]]
) -> list[float]:
    """Mean overlap of each cluster with its likest one when accounts are resampled.

    Parameters
    ----------
    labels : ndarray, (n_accounts,)
        Clusters of the accounts of the sample.
    again : sequence of ndarray
        From :func:`resampled`.

    Returns
    -------
    list of float
        In the order of the clusters, 0 to 1; below 0.6 a cluster should not be trusted.

    References
    ----------
    C. Hennig (2007), *Computational Statistics & Data Analysis* 52, 258-271.
    """
    means = np.mean([best_jaccard(labels, other) for other in again], axis=0)
    return [round(float(value), 4) for value in means]
