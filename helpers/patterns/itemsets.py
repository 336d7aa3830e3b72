"""Which sets of items occur together often: mlxtend for small tables, bitsets beyond.

Both give the same sets. As bitsets: which baskets hold an item is a row of bits, and the baskets
that hold two items are the bits common to both rows. Sets grow one item at a time, depth first,
and a row keeps only those words in which its set occurs at all, so that rare items cost little.
The number of frequent sets explodes with low support, long sets and items that nearly everybody
has: where there are too many, support is raised, and the support in force is part of the result.

References
----------
Han, Pei, Yin (2000), *SIGMOD*, 1-12: FP-growth. Raschka (2018), *JOSS* 3(24), 638: mlxtend.
Zaki (2000), *IEEE TKDE* 12(3), 372-390: Eclat, sets grown by intersecting lists of baskets.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError

__all__ = ["Candidates", "candidate_rules", "frequent_sets", "incidence"]

Words = NDArray[np.uint64]
Found = tuple[tuple[int, ...], int]
SMALL = 20_000
"""Baskets up to which mlxtend finds the sets, if few are to be expected."""
FEW = 2_000
"""Sets that are few."""


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


def frequent_sets(
    table: NDArray[np.bool_], *, min_count: int, max_length: int | None = None
) -> Iterator[Found]:
    """Yield every set of items that enough baskets hold.

    Parameters
    ----------
    table : ndarray of bool, (n_baskets, n_items)
        Which basket holds which item.
    min_count : int
        Baskets that must hold the set, >= 1.
    max_length : int, optional
        Items of the largest set.

    Yields
    ------
    (tuple of int, int)
        Column numbers, rising, and the number of baskets; depth first.

    Raises
    ------
    ParameterError
        If a limit is out of range.
    """
    if min_count < 1 or (max_length is not None and max_length < 1):
        raise ParameterError(
            "frequent_sets: expected min_count >= 1 and max_length >= 1, got "
            f"{min_count} and {max_length}."
        )
    counts = table.sum(axis=0)
    kept = np.flatnonzero(counts >= min_count)
    most = len(kept) if max_length is None else max_length
    return _grown((), kept, counts[kept], _words(table[:, kept]), min_count, most)


def _words(table: NDArray[np.bool_]) -> Words:
    """One row of bits per item, in words of 64 baskets."""
    packed = np.packbits(table, axis=0)
    short = -len(packed) % 8
    padded = np.concatenate([packed, np.zeros((short, packed.shape[1]), np.uint8)])
    return np.ascontiguousarray(padded.T).view(np.uint64)


def _grown(
    stem: tuple[int, ...],
    items: NDArray[np.int64],
    counts: NDArray[np.int64],
    rows: Words,
    min_count: int,
    most: int,
) -> Iterator[Found]:
    """Yield each set ``stem + item``, and what grows from it with the items behind it."""
    for number, (item, count) in enumerate(zip(items.tolist(), counts.tolist(), strict=True)):
        grown = (*stem, item)
        yield grown, count
        if len(grown) == most or number + 1 == len(items):
            continue
        occurs = np.flatnonzero(rows[number])
        behind = rows[number + 1 :]
        if 2 * len(occurs) < rows.shape[1]:
            common = behind[:, occurs] & rows[number, occurs]
        else:
            common = behind & rows[number]
        many = np.bitwise_count(common).sum(axis=1, dtype=np.int64)
        keep = np.flatnonzero(many >= min_count)
        if len(keep):
            later = items[number + 1 :][keep]
            yield from _grown(grown, later, many[keep], common[keep], min_count, most)


def candidate_rules(
    table: pd.DataFrame,
    *,
    consequents: list[str],
    antecedents: list[str],
    min_support: float,
    max_antecedents: int = 2,
    max_itemsets: int = 50_000,
    spark: Any = None,
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
        Sets that may be held in memory; support is raised until there are no more.
    spark : SparkSession, optional
        Find the sets there (:mod:`helpers.patterns.on_spark`); equal results.

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
    wanted = {*consequents, *antecedents}
    used = table[[name for name in table if name in wanted]]
    if used.empty:
        return Candidates([], min_support)
    sets, support = _affordable(
        used.to_numpy(), min_support, max_antecedents + 1, max_itemsets, spark
    )
    names, right, left = list(used.columns), set(consequents), set(antecedents)
    rules = [
        (tuple(sorted(names[other] for other in items if other != item)), names[item])
        for items in sets
        for item in items
        if len(items) > 1 and names[item] in right
    ]
    return Candidates(sorted(rule for rule in rules if left.issuperset(rule[0])), support)


def _affordable(
    table: NDArray[np.bool_], support: float, max_length: int, max_itemsets: int, spark: Any
) -> tuple[list[tuple[int, ...]], float]:
    """Find the frequent sets; raise support until there are few enough of them."""
    while True:
        # the share asked for, despite what rounding makes of a product like 0.07 * 100
        least = max(1, int(np.ceil(support * len(table) - 1e-9)))
        found = _found(table, least, max_length, max_itemsets, spark)
        sets: list[tuple[int, ...]] = []
        for items, _ in found:
            sets.append(items)
            if len(sets) > max_itemsets:
                break
        else:
            return sets, support
        support *= 1.25


def _found(
    table: NDArray[np.bool_], least: int, max_length: int, max_itemsets: int, spark: Any
) -> Iterable[Found]:
    if spark is not None:
        from helpers.patterns.on_spark import SparkSearch

        return SparkSearch(spark).frequent_sets(table, min_count=least, max_length=max_length)
    small = len(table) <= SMALL and _at_most(table, least, max_length) <= min(FEW, max_itemsets)
    if small:
        return _by_mlxtend(table, least, max_length)
    return frequent_sets(table, min_count=least, max_length=max_length)


def _at_most(table: NDArray[np.bool_], least: int, max_length: int) -> int:
    """Bound the number of sets from above: each item with its partners that come after it."""
    counts = table.T.astype(np.float32) @ table.astype(np.float32)
    later = np.triu(counts >= least, k=1).sum(axis=1).tolist()
    return sum(comb(n, size) for n in later for size in range(max_length))


def _by_mlxtend(table: NDArray[np.bool_], least: int, max_length: int) -> Iterable[Found]:
    from mlxtend.frequent_patterns import fpgrowth

    share = (least - 0.5) / max(len(table), 1)  # a float of least / n may round up to one more
    sets = fpgrowth(pd.DataFrame(table), min_support=share, max_len=max_length)
    counts = (sets["support"] * len(table)).round().astype(int)
    return zip((tuple(sorted(items)) for items in sets["itemsets"]), counts, strict=True)
