"""How well separated a grouping is: the silhouette."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.cluster import canonical_order

__all__ = ["MAX_SILHOUETTE_ACCOUNTS", "silhouette"]

MAX_SILHOUETTE_ACCOUNTS = 2_000


def silhouette(scores: pd.DataFrame, clusters: NDArray[np.generic]) -> float:
    """Mean silhouette of a clustering; NaN with fewer than two clusters.

    Beyond 2,000 accounts it is computed over every n-th account in canonical order.

    References
    ----------
    P. J. Rousseeuw (1987), *J. Comput. Appl. Math.* 20, 53-65.
    """
    from sklearn.metrics import silhouette_score

    step = -(-len(scores) // MAX_SILHOUETTE_ACCOUNTS)
    rows = canonical_order(scores)[::step]
    labels = np.asarray(clusters)[rows]
    if not 1 < len(np.unique(labels)) < len(labels):
        return float("nan")
    return float(silhouette_score(scores.to_numpy(float)[rows], labels))
