"""Other algorithms on the same accounts: does the grouping depend on the algorithm?

K-means gives the segments. Beside it stand a Ward hierarchy and a Gaussian mixture with as many
groups, and DBSCAN and HDBSCAN, which find their own number and call accounts that belong
nowhere outliers. Where they agree, the groups are in the data; where they do not, the borders are
a matter of degree. Nobody's segment changes by what they say.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.agreement import adjusted_rand
from helpers.segments.cluster import assign, canonical_order, one_thread
from helpers.segments.segmentation import Segmentation
from helpers.segments.widths import silhouette

__all__ = ["Comparison", "compare_algorithms"]

MAX_ACCOUNTS = 3_000
"""All pairs of accounts are compared: of more accounts every n-th, in canonical order."""
LEAVES = 24
"""Branches of the tree that are drawn."""
OUTLIER = -1
ALGORITHMS = ("k-means", "Ward hierarchy", "Gaussian mixture", "DBSCAN", "HDBSCAN")
REACH = 90
"""Percentile of the distance to the m-th neighbour within which DBSCAN calls two accounts near."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What five algorithms make of the same accounts.

    Parameters
    ----------
    algorithms : DataFrame
        ``algorithm``, ``n_clusters``, ``n_accounts`` compared, ``n_outliers``, ``silhouette`` of
        the accounts that are no outliers, ``agreement`` with the segments (adjusted Rand index).
    agreement : DataFrame
        ``first``, ``second``, ``adjusted_rand``: every pair of algorithms, once.
    outliers : DataFrame
        ``account_id``, ``segment``, ``called_by``, ``certainty``: accounts that a density
        algorithm puts nowhere; those named by both first.
    tree : DataFrame
        Branches of the Ward hierarchy to draw, one row a merger: ``x0`` to ``x3``, ``y0`` to
        ``y3``; ``leaf`` and ``n_leaf`` name what hangs below, one row a leaf.
    note : str
        How many accounts were compared, if not all.
    """

    algorithms: pd.DataFrame
    agreement: pd.DataFrame
    outliers: pd.DataFrame
    tree: pd.DataFrame
    note: str


def compare_algorithms(segmentation: Segmentation, *, seed: int) -> Comparison:
    """Run four other algorithms on the accounts that were clustered.

    Parameters
    ----------
    segmentation : Segmentation
        With clusters; without any, all tables are empty.
    seed : int
        Of the mixture's starts.

    References
    ----------
    Ester, Kriegel, Sander, Xu (1996), KDD-96 (DBSCAN; twice as many neighbours as dimensions:
    Sander and others, 1998); Campello, Moulavi, Sander (2013), PAKDD (HDBSCAN); Ward (1963),
    *JASA* 58.
    """
    everyone = segmentation.clustered
    k = len(segmentation.centres)
    if not k:
        empty = pd.DataFrame
        return Comparison(
            algorithms=empty(columns=["algorithm", "n_clusters", "n_outliers", "agreement"]),
            agreement=empty(columns=["first", "second", "adjusted_rand"]),
            outliers=empty(columns=["account_id", "segment", "called_by", "certainty"]),
            tree=empty(columns=["x0", "y0"]),
            note="",
        )
    step = -(-len(everyone) // MAX_ACCOUNTS)
    scores = everyone.iloc[canonical_order(everyone)[::step]]
    with one_thread():
        hierarchy = _linkage(scores)
        labels = {
            "k-means": assign(scores, segmentation.centres)["cluster"].to_numpy(),
            "Ward hierarchy": _cut(hierarchy, k),
            "Gaussian mixture": _mixture(scores, k, seed),
            "DBSCAN": _dbscan(scores),
            "HDBSCAN": _hdbscan(scores),
        }
    note = f"{len(scores):,} of {len(everyone):,} accounts, every {step}th" if step > 1 else ""
    return Comparison(
        algorithms=_summary(scores, labels),
        agreement=_pairs(labels),
        outliers=_outliers(scores, labels, segmentation),
        tree=_tree(hierarchy),
        note=note,
    )


def _linkage(scores: pd.DataFrame) -> NDArray[np.float64]:
    from scipy.cluster.hierarchy import linkage

    return np.asarray(linkage(scores.to_numpy(float), "ward"), np.float64)


def _cut(hierarchy: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import fcluster

    return np.asarray(fcluster(hierarchy, k, "maxclust"), np.int64)


def _mixture(scores: pd.DataFrame, k: int, seed: int) -> NDArray[np.int64]:
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(k, n_init=3, random_state=seed, reg_covar=0.05)
    return np.asarray(model.fit_predict(scores.to_numpy(float)), np.int64)


def _dbscan(scores: pd.DataFrame) -> NDArray[np.int64]:
    """Reach: where the distances to the m-th neighbour begin to be those of loners."""
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    m = min(2 * scores.shape[1], len(scores) - 1)
    values = scores.to_numpy(float)
    far = NearestNeighbors(n_neighbors=m + 1).fit(values).kneighbors(values)[0][:, -1]
    reach = float(np.percentile(far, REACH))
    model = DBSCAN(eps=max(reach, 1e-9), min_samples=m)
    return np.asarray(model.fit_predict(values), np.int64)


def _hdbscan(scores: pd.DataFrame) -> NDArray[np.int64]:
    from sklearn.cluster import HDBSCAN

    size = max(5, len(scores) // 50)
    model = HDBSCAN(min_cluster_size=size, min_samples=min(5, size), copy=True)
    return np.asarray(model.fit_predict(scores.to_numpy(float)), np.int64)


def _summary(scores: pd.DataFrame, labels: dict[str, NDArray[np.int64]]) -> pd.DataFrame:
    rows = []
    for name in ALGORITHMS:
        mine = labels[name]
        inside = mine != OUTLIER
        rows.append(
            {
                "algorithm": name,
                "n_clusters": len(np.unique(mine[inside])),
                "n_accounts": len(mine),
                "n_outliers": int((~inside).sum()),
                "silhouette": silhouette(scores[inside], mine[inside]),
                "agreement": adjusted_rand(labels["k-means"], mine),
            }
        )
    return pd.DataFrame(rows).round(4)


def _pairs(labels: dict[str, NDArray[np.int64]]) -> pd.DataFrame:
    rows = [
        (first, second, adjusted_rand(labels[first], labels[second]))
        for number, first in enumerate(ALGORITHMS)
        for second in ALGORITHMS[number + 1 :]
    ]
    return pd.DataFrame(rows, columns=["first", "second", "adjusted_rand"]).round(4)


def _outliers(
    scores: pd.DataFrame, labels: dict[str, NDArray[np.int64]], segmentation: Segmentation
) -> pd.DataFrame:
    named = {name: labels[name] == OUTLIER for name in ("DBSCAN", "HDBSCAN")}
    flags = pd.DataFrame(named, index=scores.index)
    told = flags[flags.any(axis=1)]
    newest = segmentation.newest.loc[told.index]
    table = pd.DataFrame(
        {
            "account_id": told.index,
            "segment": newest["segment"].to_numpy(),
            "called_by": [" and ".join(told.columns[row]) for row in told.to_numpy(bool)],
            "certainty": newest["certainty"].to_numpy(float),
        }
    )
    both = table["called_by"].str.contains(" and ")
    ranked = table.assign(_one=~both).sort_values(["_one", "certainty", "account_id"])
    return ranked.drop(columns="_one").reset_index(drop=True)


def _tree(hierarchy: NDArray[np.float64]) -> pd.DataFrame:
    """Corners of each merger as they are drawn, of the uppermost branches only."""
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(hierarchy, p=LEAVES, truncate_mode="lastp", no_plot=True)
    rows = [
        {f"x{i}": x for i, x in enumerate(xs)} | {f"y{i}": y for i, y in enumerate(ys)}
        for xs, ys in zip(drawn["icoord"], drawn["dcoord"], strict=True)
    ]
    table = pd.DataFrame(rows).assign(leaf=np.nan, n_leaf=np.nan)
    sizes = [int(text.strip("()")) if "(" in text else 1 for text in drawn["ivl"]]
    leaves = pd.DataFrame({"leaf": 5.0 + 10.0 * np.arange(len(sizes)), "n_leaf": sizes})
    return pd.concat([table, leaves.astype(float)], ignore_index=True)
