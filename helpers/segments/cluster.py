"""K-means whose result does not depend on row order, account names or the number of threads.

Cluster numbers have no meaning of their own in k-means and change when one account is added;
here clusters are numbered by activity, highest first, and people never see the number alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Clustering", "assign", "canonical_order", "fit_clusters", "one_thread"]

DIGITS = 6
N_STARTS = 10


@dataclass(frozen=True)
class Clustering:
    """Centres of the clusters, numbered from 1 in the order of their first dimension.

    Parameters
    ----------
    centres : DataFrame, (n_clusters, n_dimensions)
        Index ``cluster`` = 1 .. k; columns are the dimensions, the first of them decides the
        order (the highest is cluster 1).
    inertia : float
        Sum of squared distances to the centres.
    """

    centres: pd.DataFrame
    inertia: float


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numeric libraries to one thread: on a few thousand accounts more only get in the way.

    Threads that wait for each other cost five times the time of the work itself here.
    """
    import sklearn.cluster  # noqa: F401  (its thread pool must be loaded to be limited)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1):
        yield


def canonical_order(scores: pd.DataFrame) -> NDArray[np.intp]:
    """Return row positions sorted by the scores alone.

    The start of k-means depends on the order of rows; sorted by value, it depends neither on
    the order in which accounts were read nor on what they are called.
    """
    values = scores.to_numpy(float)
    return np.lexsort(values.T[::-1])


def fit_clusters(
    scores: pd.DataFrame, n_clusters: int, *, seed: int, n_starts: int = N_STARTS
) -> Clustering:
    """Fit k-means and number its clusters.

    Parameters
    ----------
    scores : DataFrame, (n_accounts, n_dimensions)
        From :func:`helpers.segments.prepare.dimension_scores`; no missing values.
    n_clusters : int
        At most the number of distinct rows.
    seed : int
        Of the random starts.
    n_starts : int
        Starts; the best one is kept.

    Returns
    -------
    Clustering
        Centres rounded to 6 digits: equal on any number of threads.
    """
    from sklearn.cluster import KMeans

    ordered = scores.to_numpy(float)[canonical_order(scores)]
    model = KMeans(n_clusters, n_init=n_starts, random_state=seed).fit(ordered)
    centres = np.round(model.cluster_centers_, DIGITS) + 0.0
    rank = np.lexsort(-centres.T[::-1])
    index = pd.RangeIndex(1, n_clusters + 1, name="cluster")
    frame = pd.DataFrame(centres[rank], index=index, columns=scores.columns)
    return Clustering(frame, round(float(model.inertia_), DIGITS))


def assign(scores: pd.DataFrame, centres: pd.DataFrame) -> pd.DataFrame:
    """Give each account the nearest centre.

    Parameters
    ----------
    scores : DataFrame, (n_accounts, n_dimensions)
        Of any date, prepared like those the centres were fitted on.
    centres : DataFrame, (n_clusters, n_dimensions)
        Of a :class:`Clustering`.

    Returns
    -------
    DataFrame, (n_accounts, 2)
        ``cluster`` (index of the nearest centre; of equally near ones the first) and
        ``certainty``: 0 half way to the next centre, 1 at the centre itself.
    """
    gaps = scores[centres.columns].to_numpy(float)[:, None, :] - centres.to_numpy(float)[None]
    distances = np.round(np.sqrt((gaps**2).sum(axis=2)), DIGITS)
    nearest = distances.argmin(axis=1)
    near, *rest = np.sort(distances, axis=1).T
    beyond = rest[0] if rest else np.full(len(near), np.inf)
    certainty = np.where(beyond > 0, 1 - near / np.where(beyond > 0, beyond, 1), 0.0)
    return pd.DataFrame(
        {"cluster": centres.index.to_numpy()[nearest], "certainty": certainty.round(4)},
        index=scores.index,
    )
