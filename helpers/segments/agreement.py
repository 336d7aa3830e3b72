"""How far two groupings of the same accounts agree."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["adjusted_rand", "best_jaccard", "match_clusters", "ward_agreement"]

MAX_WARD_ACCOUNTS = 3_000


def _table(first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Count accounts by group of the first and of the second grouping."""
    _, a = np.unique(np.asarray(first), return_inverse=True)
    _, b = np.unique(np.asarray(second), return_inverse=True)
    table = np.zeros((a.max(initial=-1) + 1, b.max(initial=-1) + 1), np.int64)
    np.add.at(table, (a, b), 1)
    return table


def adjusted_rand(first: ArrayLike, second: ArrayLike) -> float:
    """Return the adjusted Rand index: 1 for the same grouping, about 0 for unrelated ones.

    Parameters
    ----------
    first, second : array_like, (n_accounts,)
        Group of each account; what the groups are called does not matter.

    Returns
    -------
    float
        1 where both put everything into one group.

    References
    ----------
    Hubert, Arabie (1985), *Journal of Classification* 2, 193-218.
    """
    table = _table(first, second).astype(float)
    pairs = (table * (table - 1) / 2).sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    row_pairs, column_pairs = (rows * (rows - 1) / 2).sum(), (columns * (columns - 1) / 2).sum()
    n = table.sum()
    all_pairs = n * (n - 1) / 2
    expected = row_pairs * column_pairs / all_pairs if all_pairs else 0.0
    highest = (row_pairs + column_pairs) / 2
    if highest == expected:
        return 1.0
    return float((pairs - expected) / (highest - expected))


def best_jaccard(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """For each group of the first grouping, its overlap with the likest of the second.

    Returns
    -------
    ndarray, (n_groups of first,)
        Accounts in both over accounts in either, 0 to 1; groups in sorted order.

    References
    ----------
    C. Hennig (2007), *Computational Statistics & Data Analysis* 52, 258-271: a cluster below
    0.6 under resampling should not be trusted, above 0.75 it is a stable pattern.
    """
    table = _table(first, second).astype(float)
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    return np.asarray((table / union).max(axis=1))


def match_clusters(reference: pd.DataFrame, other: pd.DataFrame) -> dict[int, int]:
    """Pair the centres of two clusterings so that the sum of squared distances is smallest.

    Returns
    -------
    dict
        Cluster of ``other`` to cluster of ``reference``, one to one.
    """
    from scipy.optimize import linear_sum_assignment

    gaps = other.to_numpy(float)[:, None, :] - reference.to_numpy(float)[None]
    rows, columns = linear_sum_assignment(np.round((gaps**2).sum(axis=2), 6))
    return {
        int(other.index[r]): int(reference.index[c]) for r, c in zip(rows, columns, strict=True)
    }


def ward_agreement(scores: pd.DataFrame, clusters: pd.Series, *, seed: int) -> float:
    """Return the adjusted Rand index with a Ward hierarchy cut into as many clusters.

    A second algorithm that knows nothing of centres; beyond 3,000 accounts a seeded sample is
    compared, because the hierarchy needs all pairwise distances.
    """
    from sklearn.cluster import AgglomerativeClustering

    order = np.lexsort(scores.to_numpy(float).T[::-1])
    if len(order) > MAX_WARD_ACCOUNTS:
        draw = np.random.default_rng(seed).choice(len(order), MAX_WARD_ACCOUNTS, replace=False)
        order = order[np.sort(draw)]
    tree = AgglomerativeClustering(n_clusters=int(clusters.nunique()), linkage="ward")
    labels = tree.fit_predict(scores.to_numpy(float)[order])
    return round(adjusted_rand(clusters.to_numpy()[order], labels), 4)
