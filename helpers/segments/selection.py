"""How many clusters, or none: the written rule.

A number of clusters is out if a cluster is only a few accounts (a high silhouette can be three
rows among thousands), if it does not come back when accounts are resampled, or if its
silhouette is no better than chance gives in one shapeless cloud. If all are out, there is no
structure to be found, and that is the result. A number that gives two clusters the same name,
and so the same playbook, gives way to one that does not. Among the rest the highest silhouette
wins; numbers within a near tie of it are shown, and of those at most seven clusters are
preferred to more, then the more stable, then the smaller number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.agreement import adjusted_rand, best_jaccard
from helpers.segments.cluster import Clustering, assign, canonical_order, fit_clusters, one_thread

__all__ = ["Rule", "choose", "evaluate", "silhouette"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The numbers in the rule.

    Parameters
    ----------
    min_share : float
        Smallest cluster, as a share of accounts; never less than ``min_accounts``.
    min_accounts : int
        Smallest cluster, in accounts.
    min_stability : float
        Lowest mean adjusted Rand index under resampling.
    min_jaccard : float
        Lowest mean Jaccard overlap of the least stable cluster (Hennig 2007: 0.6).
    tie : float
        Silhouettes closer than that to the best are near ties; one standard error if larger.
    preferred_max : int
        More clusters than that overwhelm a team.
    n_draws : int
        Resamples for stability.
    n_chance : int
        Shapeless clouds drawn for comparison.
    """

    min_share: float = 0.02
    min_accounts: int = 5
    min_stability: float = 0.60
    min_jaccard: float = 0.60
    tie: float = 0.02
    preferred_max: int = 7
    n_draws: int = 20
    n_chance: int = 10


MAX_ACCOUNTS = 4_000
"""Of more accounts every n-th, in canonical order, is resampled and compared with chance."""
MAX_SILHOUETTE_ACCOUNTS = 2_000
N_STARTS_RESAMPLED = 3


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


CountNames = Callable[[pd.Series, pd.DataFrame], int]
"""Takes the cluster of each account and the centres; returns how many names they earn."""


def evaluate(
    scores: pd.DataFrame,
    numbers: Sequence[int],
    *,
    seed: int,
    rule: Rule | None = None,
    count_names: CountNames | None = None,
) -> pd.DataFrame:
    """Measure each number of clusters.

    Parameters
    ----------
    scores : DataFrame, (n_accounts, n_dimensions)
        Prepared scores of the live accounts.
    numbers : sequence of int
        Candidates; those with too few distinct accounts are measured as impossible.
    seed : int
        Of starts, resamples and clouds.
    rule : Rule, optional
        Sizes of the experiments.
    count_names : callable, optional
        Tells how many different names the clusters earn; by default one each.

    Returns
    -------
    DataFrame, (n_numbers, 10)
        ``n_clusters``, ``inertia``, ``silhouette``, ``silhouette_se`` (under resampling),
        ``silhouette_chance`` (highest of the shapeless clouds), ``stability`` (mean adjusted
        Rand index), ``jaccard_min``, ``smallest`` (accounts), ``largest_share``, ``n_names``.
    """
    rule = rule or Rule()
    possible = [k for k in numbers if k < len(scores.drop_duplicates())]
    sample = scores.iloc[canonical_order(scores)[:: -(-len(scores) // MAX_ACCOUNTS) or 1]]
    rows = []
    with one_thread():
        for k in possible:
            fitted = fit_clusters(scores, k, seed=seed)
            labels = assign(scores, fitted.centres)["cluster"]
            names = count_names(labels, fitted.centres) if count_names else k
            rows.append(_measure(sample, fitted, labels, seed, rule) | {"n_names": names})
    columns = ["n_clusters", "inertia", "silhouette", "silhouette_se", "silhouette_chance"]
    columns += ["stability", "jaccard_min", "smallest", "largest_share", "n_names"]
    measured = pd.DataFrame(rows, columns=columns)
    full = measured.set_index("n_clusters").reindex(pd.Index(list(numbers), name="n_clusters"))
    return full.reset_index().round(6)


def choose(measured: pd.DataFrame, n_accounts: int, *, rule: Rule | None = None) -> pd.DataFrame:
    """Apply the rule.

    Parameters
    ----------
    measured : DataFrame
        From :func:`evaluate`.
    n_accounts : int
        Accounts that were clustered.
    rule : Rule, optional
        Its limits.

    Returns
    -------
    DataFrame
        ``measured`` with ``near_tie``, ``chosen`` (at most one true) and ``reason``.
    """
    rule = rule or Rule()
    table = measured.copy()
    table["reason"] = [_refusal(row, n_accounts, rule) for _, row in table.iterrows()]
    table["near_tie"], table["chosen"] = False, False
    left = table[table["reason"] == ""]
    if left.empty:
        return table
    distinct = left["n_names"] == left["n_clusters"]
    if distinct.any():
        table.loc[left.index[~distinct], "reason"] = "two clusters would get the same playbook"
        left = left[distinct]
    best = left.sort_values("silhouette", ascending=False, kind="stable").iloc[0]
    margin = max(rule.tie, float(best["silhouette_se"]))
    tied = left[left["silhouette"] >= best["silhouette"] - margin]
    table.loc[tied.index, "near_tie"] = len(tied) > 1
    ranked = tied.assign(
        crowded=tied["n_clusters"] > rule.preferred_max, steady=-tied["stability"].round(1)
    ).sort_values(["crowded", "steady", "n_clusters"])
    chosen = ranked.index[0]
    table.loc[chosen, "chosen"] = True
    table.loc[left.index, "reason"] = "less separated than the best"
    table.loc[tied.index, "reason"] = "near tie with the one chosen"
    table.loc[chosen, "reason"] = "chosen" if len(tied) == 1 else "chosen among near ties"
    return table


def _measure(
    sample: pd.DataFrame, fitted: Clustering, clusters: pd.Series, seed: int, rule: Rule
) -> dict[str, float]:
    k = len(fitted.centres)
    sizes = np.bincount(clusters.to_numpy(), minlength=k + 1)[1:]
    labels = assign(sample, fitted.centres)["cluster"].to_numpy()
    again = _resampled(sample, k, seed, rule.n_draws)
    overlaps = [best_jaccard(labels, other) for other in again]
    return {
        "n_clusters": k,
        "inertia": fitted.inertia,
        "silhouette": silhouette(sample, labels),
        "silhouette_se": float(np.std([silhouette(sample, other) for other in again])),
        "silhouette_chance": _chance(sample, k, seed, rule.n_chance),
        "stability": float(np.mean([adjusted_rand(labels, other) for other in again])),
        "jaccard_min": float(np.mean(overlaps, axis=0).min()),
        "smallest": int(sizes.min()),
        "largest_share": float(sizes.max() / sizes.sum()),
    }


def _resampled(sample: pd.DataFrame, k: int, seed: int, n_draws: int) -> list[NDArray[np.generic]]:
    """Fit on resampled accounts, assign all accounts of the sample."""
    rng = np.random.default_rng([seed, k])
    found = []
    for _ in range(n_draws):
        draw = sample.iloc[rng.integers(0, len(sample), len(sample))]
        kinds = len(draw.drop_duplicates())
        again = fit_clusters(draw, min(k, kinds), seed=seed, n_starts=N_STARTS_RESAMPLED)
        found.append(assign(sample, again.centres)["cluster"].to_numpy())
    return found


def _chance(sample: pd.DataFrame, k: int, seed: int, n_clouds: int) -> float:
    """Highest silhouette in normal clouds with the same correlations: no clusters in them.

    References
    ----------
    Liu, Hayes, Nobel, Marron (2008), *JASA* 103, 1281-1293 (SigClust): one Gaussian as null.
    """
    rng = np.random.default_rng([seed, k, 1])
    covariance = np.cov(sample.to_numpy(float), rowvar=False).reshape(sample.shape[1], -1)
    powers, directions = np.linalg.eigh(covariance)
    root = (directions * np.sqrt(powers.clip(min=0))) @ directions.T
    found = []
    for _ in range(n_clouds):
        cloud = rng.standard_normal(sample.shape) @ root
        frame = pd.DataFrame(cloud, columns=sample.columns)
        fitted = fit_clusters(frame, k, seed=seed, n_starts=N_STARTS_RESAMPLED)
        found.append(silhouette(frame, assign(frame, fitted.centres)["cluster"].to_numpy()))
    return float(np.max(found))


def _refusal(row: pd.Series, n_accounts: int, rule: Rule) -> str:
    least = max(rule.min_accounts, rule.min_share * n_accounts)
    checks = [
        (np.isnan(row["silhouette"]), "fewer distinct accounts than clusters"),
        (
            row["smallest"] < least,
            f"a cluster of {row['smallest']:.0f} accounts: outliers, not a segment",
        ),
        (row["stability"] < rule.min_stability, "does not come back when accounts are resampled"),
        (
            row["jaccard_min"] < rule.min_jaccard,
            "one cluster dissolves when accounts are resampled",
        ),
        (
            row["silhouette"] <= row["silhouette_chance"],
            "no better separated than a shapeless cloud",
        ),
    ]
    return next((text for failed, text in checks if failed), "")
