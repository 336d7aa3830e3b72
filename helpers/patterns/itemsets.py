"""Which sets of items occur together often: mlxtend, with a guard against what would not fit.

The number of frequent sets explodes with low support, long sets and items that nearly
everybody has. Before mlxtend is called, the pairs are counted; where they promise too many
sets, support is raised, and the support in force is part of the result.

References
----------
Han, Pei, Yin (2000), *SIGMOD*, 1-12: FP-growth. Raschka (2018), *JOSS* 3(24), 638: mlxtend.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError

__all__ = ["Candidates", "candidate_rules", "incidence"]


@dataclass(frozen=True)
class Candidates:
    """Rules to be judged.

    Parameters
    ----------
    rules : list of (tuple of str, str)
        Antecedents in alphabetical order, and the one consequent; in a total order.
    min_support : float
        Share of baskets in force, for antecedents and consequent together.
    """

    rules: list[tuple[tuple[str, ...], str]]
    min_support: float


def incidence(items: pd.DataFrame, baskets: pd.Series) -> pd.DataFrame:
    """Lay out which basket holds which item.

    Parameters
    ----------
    items : DataFrame
        ``basket``, ``item``; repeats do not matter.
    baskets : Series
        Every basket, in the order wanted for the rows; an empty one has a row without items.

    Returns
    -------
    DataFrame of bool, (n_baskets, n_items)
        Columns in alphabetical order.
    """
    rows = pd.Index(baskets).get_indexer(pd.Index(items["basket"]))
    codes, names = pd.factorize(items["item"], sort=True)
    table = np.zeros((len(baskets), len(names)), bool)
    known = rows >= 0
    table[rows[known], codes[known]] = True
    return pd.DataFrame(table, columns=[str(name) for name in names])


def candidate_rules(
    table: pd.DataFrame,
    *,
    consequents: list[str],
    antecedents: list[str],
    min_support: float,
    max_antecedents: int = 2,
    max_itemsets: int = 50_000,
) -> Candidates:
    """List the rules whose items occur together often enough.

    Parameters
    ----------
    table : DataFrame of bool
        From :func:`incidence`.
    consequents, antecedents : list of str
        Items allowed on either side; one that the table lacks is left out.
    min_support : float
        Share of baskets, in (0, 1].
    max_antecedents : int
        Items before the arrow, >= 1.
    max_itemsets : int
        Sets that may be held in memory; support is raised until no more are expected.

    Returns
    -------
    Candidates
        No rules when nothing is frequent.

    Raises
    ------
    ParameterError
        If support or length is out of range.
    """
    if not 0 < min_support <= 1 or max_antecedents < 1:
        raise ParameterError(
            "candidate_rules: expected 0 < min_support <= 1 and max_antecedents >= 1, got "
            f"{min_support} and {max_antecedents}."
        )
    share = table.mean().to_dict()
    wanted = {*consequents, *antecedents}
    used = table[[name for name in table if name in wanted and share[name] >= min_support]]
    if used.empty:
        return Candidates([], min_support)
    support = _affordable(used.to_numpy(), min_support, max_antecedents + 1, max_itemsets)
    found = _mlxtend_rules(used, support, max_antecedents + 1)
    kept = [
        (tuple(sorted(before)), next(iter(after)))
        for before, after in found
        if len(after) == 1 and after <= set(consequents) and before <= set(antecedents)
    ]
    return Candidates(sorted(kept), support)


def _affordable(
    table: NDArray[np.bool_], min_support: float, max_length: int, max_itemsets: int
) -> float:
    """Raise support until an upper bound on the number of sets is small enough."""
    counts = table.T.astype(np.float32) @ table.astype(np.float32) / len(table)
    np.fill_diagonal(counts, 0)
    support = min_support
    while _bound(counts >= support, max_length) > max_itemsets:
        support *= 1.25
    return support


def _bound(linked: NDArray[np.bool_], max_length: int) -> float:
    """Upper bound: sets grown from each item with its partners that come after it."""
    from math import comb

    later = np.triu(linked).sum(axis=1)
    return float(sum(comb(int(n), size) for n in later for size in range(1, max_length)))


def _mlxtend_rules(
    table: pd.DataFrame, support: float, max_length: int
) -> list[tuple[frozenset[str], frozenset[str]]]:
    from mlxtend.frequent_patterns import association_rules, fpgrowth

    sets = fpgrowth(table, min_support=support, use_colnames=True, max_len=max_length)
    if sets.empty or (sets["itemsets"].map(len) < 2).all():
        return []
    wanted = ["support"]  # the others are counted anew, with their certainty
    rules = association_rules(sets, metric="support", min_threshold=0.0, return_metrics=wanted)
    return list(zip(rules["antecedents"], rules["consequents"], strict=True))
