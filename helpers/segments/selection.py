"""How many clusters, or none: the written rule.

A number of clusters is out if a cluster is only a few accounts (a high silhouette can be three
rows among thousands), if it does not come back when accounts are resampled, or if its
silhouette is no better than chance gives in one shapeless cloud. If all are out, there is no
structure to be found, and that is the result. A number that gives two clusters the same name,
and so the same playbook, gives way to one that does not. Among the rest the highest silhouette
wins; numbers within a near tie of it are shown, and of those the number of the run before is
taken, else at most seven clusters are preferred to more, then the more stable, then those to
which one cluster more would add nothing by the gap statistic, then the smaller number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.segments.agreement import adjusted_rand
from helpers.segments.chance import chance_silhouette, gap_statistic
from helpers.segments.cluster import Clustering, assign, fit_clusters, one_thread
from helpers.segments.stability import jaccard_per_cluster, resampled, thinned
from helpers.segments.widths import silhouette

__all__ = ["Rule", "choose", "evaluate"]


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
    n_gap : int
        Boxes without clusters drawn for the gap statistic.
    """

    min_share: float = 0.02
    min_accounts: int = 5
    min_stability: float = 0.60
    min_jaccard: float = 0.60
    tie: float = 0.02
    preferred_max: int = 7
    n_draws: int = 20
    n_chance: int = 10
    n_gap: int = 5

    def least(self, n_accounts: int) -> float:
        """Smallest cluster allowed among so many accounts."""
        return max(self.min_accounts, self.min_share * n_accounts)


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
    DataFrame, (n_numbers, 13)
        ``n_clusters``, ``inertia``, ``silhouette``, ``silhouette_se`` (under resampling),
        ``silhouette_chance`` (highest of the shapeless clouds), ``gap`` and ``gap_se`` (gap
        statistic and its standard error), ``stability`` (mean adjusted Rand index),
        ``jaccards`` (of each cluster, in order) and the smallest, ``jaccard_min``, ``smallest``
        (accounts), ``largest_share``, ``n_names``.
    """
    rule = rule or Rule()
    possible = [k for k in numbers if 2 <= k < len(scores.drop_duplicates())]
    sample = thinned(scores)
    rows = []
    with one_thread():
        for k in possible:
            fitted = fit_clusters(scores, k, seed=seed)
            labels = assign(scores, fitted.centres)["cluster"]
            names = count_names(labels, fitted.centres) if count_names else k
            rows.append(_measure(sample, fitted, labels, seed, rule) | {"n_names": names})
    columns = ["n_clusters", "inertia", "silhouette", "silhouette_se", "silhouette_chance"]
    columns += ["gap", "gap_se", "stability", "jaccards", "jaccard_min", "smallest"]
    columns += ["largest_share", "n_names"]
    measured = pd.DataFrame(rows, columns=columns)
    full = measured.set_index("n_clusters").reindex(pd.Index(list(numbers), name="n_clusters"))
    return full.reset_index().round(6)


def choose(
    measured: pd.DataFrame,
    n_accounts: int,
    *,
    rule: Rule | None = None,
    usual: int | None = None,
) -> pd.DataFrame:
    """Apply the rule.

    Parameters
    ----------
    measured : DataFrame
        From :func:`evaluate`.
    n_accounts : int
        Accounts that were clustered.
    rule : Rule, optional
        Its limits.
    usual : int, optional
        Number of the run before: of near ties it is taken, so that a team keeps its segments.

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
        unusual=tied["n_clusters"] != usual,
        crowded=tied["n_clusters"] > rule.preferred_max,
        steady=-tied["stability"].round(1),
        gains=~_enough_by_gap(table).reindex(tied.index),
    ).sort_values(["unusual", "crowded", "steady", "gains", "n_clusters"])
    chosen = ranked.index[0]
    table.loc[chosen, "chosen"] = True
    table.loc[left.index, "reason"] = "less separated than the best"
    table.loc[tied.index, "reason"] = "near tie with the one chosen"
    table.loc[chosen, "reason"] = "chosen" if len(tied) == 1 else "chosen among near ties"
    return table


def _measure(
    sample: pd.DataFrame, fitted: Clustering, clusters: pd.Series, seed: int, rule: Rule
) -> dict[str, float | list[float]]:
    k = len(fitted.centres)
    sizes = np.bincount(clusters.to_numpy(), minlength=k + 1)[1:]
    labels = assign(sample, fitted.centres)["cluster"].to_numpy()
    again = resampled(sample, k, seed=seed, n_draws=rule.n_draws)
    gap, gap_se = gap_statistic(sample, k, seed=seed, n_boxes=rule.n_gap)
    overlaps = jaccard_per_cluster(labels, again)
    return {
        "n_clusters": k,
        "inertia": fitted.inertia,
        "silhouette": silhouette(sample, labels),
        "silhouette_se": float(np.std([silhouette(sample, other) for other in again])),
        "silhouette_chance": chance_silhouette(sample, k, seed=seed, n_clouds=rule.n_chance),
        "gap": gap,
        "gap_se": gap_se,
        "stability": float(np.mean([adjusted_rand(labels, other) for other in again])),
        "jaccard_min": min(overlaps),
        "jaccards": overlaps,
        "smallest": int(sizes.min()),
        "largest_share": float(sizes.max() / sizes.sum()),
    }


def _enough_by_gap(measured: pd.DataFrame) -> pd.Series:
    """Tell for each number whether one cluster more would not raise the gap beyond its error."""
    if "gap" not in measured:
        return pd.Series(True, index=measured.index)
    following = measured["gap"].shift(-1) - measured["gap_se"].shift(-1)
    return (measured["gap"] >= following) | following.isna()


def _refusal(row: pd.Series, n_accounts: int, rule: Rule) -> str:
    checks = [
        (np.isnan(row["silhouette"]), "fewer distinct accounts than clusters"),
        (
            row["smallest"] < rule.least(n_accounts),
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
