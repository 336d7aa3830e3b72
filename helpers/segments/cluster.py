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

__all__ = [
    "MAX_FULL_ACCOUNTS",
    "Clustering",
    "assign",
    "canonical_order",
    "fit_clusters",
    "one_thread",
]

DIGITS = 6
N_STARTS = 10
MAX_FULL_ACCOUNTS = 50_000
"""More accounts than that are clustered in mini-batches."""
BATCH, N_BATCH_STARTS = 8_192, 3
CHUNK = 100_000
"""Accounts whose distances to every centre are held at a time."""


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

    References
    ----------
    D. Sculley (2010), "Web-scale k-means clustering", WWW 2010: mini-batches, used beyond 50,000
    accounts.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    ordered = scores.to_numpy(float)[canonical_order(scores)]
    model = KMeans(n_clusters, n_init=n_starts, random_state=seed)
    if len(ordered) > MAX_FULL_ACCOUNTS:
        starts = min(n_starts, N_BATCH_STARTS)
        model = MiniBatchKMeans(n_clusters, n_init=starts, batch_size=BATCH, random_state=seed)
    model.fit(ordered)
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
    DataFrame, (n_accounts, 3)
        ``cluster`` (index of the nearest centre; of equally near ones the first), ``certainty``:
        0 half way to the next centre, 1 at the centre itself, and ``next_cluster``: the second
        nearest (the same one where there is only one).
    """
    values, middle = scores[centres.columns].to_numpy(float), centres.to_numpy(float)
    parts = [_nearest(values[i : i + CHUNK], middle) for i in range(0, len(values) or 1, CHUNK)]
    nearest, second, certainty = (np.concatenate(part) for part in zip(*parts, strict=True))
    names = centres.index.to_numpy()
    return pd.DataFrame(
        {
            "cluster": names[nearest],
            "certainty": certainty.round(4),
            "next_cluster": names[second],
        },
        index=scores.index,
    )


def _nearest(
    values: NDArray[np.float64], centres: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Position of the nearest and the second nearest centre of each row, and how certain it is."""
    gaps = values[:, None, :] - centres[None]
    distances = np.round(np.sqrt((gaps**2).sum(axis=2)), DIGITS)
    order = np.argsort(distances, axis=1, kind="stable")
    first, second = order[:, 0], order[:, min(1, len(centres) - 1)]
    rows = np.arange(len(values))
    near, beyond = distances[rows, first], distances[rows, second]
    if len(centres) == 1:
        beyond = np.full(len(near), np.inf)
    certainty = np.where(beyond > 0, 1 - near / np.where(beyond > 0, beyond, 1), 0.0)
    return first, second, certainty
