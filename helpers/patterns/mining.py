"""From mined patterns to statements: rate, certainty, what adds nothing, what restates.

Patterns that exactly the same units show are one class: one test, one statement. A class is
redundant if some pattern with one token less, shown by more units, has a rate that cannot be
told from its own. What is left is ranked by the assured difference, the distance between the
base rate and the nearer end of the interval: it favours neither a rare extreme nor a frequent
triviality. Going down that ranking, a pattern that much the same units show as one above it
is left out too.
"""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.patterns.contrast import Exposure, contrast, exposures, fisher_two_sided, holds_twice
from helpers.patterns.families import q_by_family
from helpers.patterns.frames import cells
from helpers.patterns.prefixspan import Patterns
from helpers.stats import benjamini_hochberg

__all__ = [
    "SEQUENCE_COLUMNS",
    "common_path",
    "contrast_patterns",
    "corrected",
    "ranked",
    "restating",
]

SEQUENCE_COLUMNS = (
    "pattern",
    "length",
    "unit",
    "n_units",
    "n_hits",
    "n_accounts",
    "support",
    "outcome",
    "outcome_rate",
    "low",
    "high",
    "base_rate",
    "rate_without",
    "lift",
    "relative_risk",
    "p_value",
    "q_value",
    "replicated",
    "same_units",
    "assured",
    "redundant",
    "restates",
    "overlaps",
)
Bools = NDArray[np.bool_]
MAX_OVERLAP = 0.7
"""Share of common units (of all units of both) above which two patterns are told as one."""


def contrast_patterns(
    patterns: Patterns,
    outcome: ArrayLike,
    clusters: ArrayLike,
    *,
    outcome_name: str,
    unit: str,
    newest: ArrayLike | None = None,
    min_units: int = 30,
) -> pd.DataFrame:
    """Test every mined pattern against an outcome.

    Parameters
    ----------
    patterns : Patterns
        From :func:`helpers.patterns.prefixspan.mine`.
    outcome : array_like of bool, (n_sequences,)
        What became of each unit after its sequence.
    clusters : array_like, (n_sequences,)
        Account of each unit.
    outcome_name, unit : str
        Names to put into the table: "activated", "user".
    newest : array_like of bool, optional
        Units held out to see whether a pattern found in the others holds again.
    min_units : int
        Fewer units with, or without, the pattern: not tested.

    Returns
    -------
    DataFrame
        One row a pattern with the columns ``SEQUENCE_COLUMNS``. ``same_units`` numbers the
        class; ``q_value`` counts the classes of this search, the caller counts all searches;
        ``assured`` is the distance from the base rate to the nearer end of the interval;
        ``restates`` marks patterns that are the outcome in other words (see :func:`restating`),
        ``overlaps`` those that much the same units show as a better one.
    """
    classes, first = _classes(patterns)
    hit = np.asarray(outcome, bool)
    exposed = exposures([patterns.rows_of(int(index)) for index in first])
    tested = contrast(exposed, hit, clusters, min_units=min_units)
    tested["q_value"] = benjamini_hochberg(tested["p_value"])
    held = None if newest is None else np.asarray(newest, bool)
    tested["replicated"] = holds_twice(exposed, hit, clusters, held, min_units=min_units // 2)
    tested["restates"] = restating(tested, int(hit.sum()))
    tested["redundant"] = _redundant(patterns, classes, tested, first)
    base = tested["base_rate"]
    tested["assured"] = np.maximum(tested["low"] - base, base - tested["high"])
    tested["overlaps"] = _overlapping(exposed, tested, len(hit))
    rows = tested.iloc[classes].reset_index(drop=True)
    rows = rows.assign(
        pattern=cells(list(items) for items in patterns.items),
        length=[len(items) for items in patterns.items],
        unit=unit,
        outcome=outcome_name,
        same_units=classes,
    )
    return rows[list(SEQUENCE_COLUMNS)]


def _classes(patterns: Patterns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each set of units a number; return each pattern's, and each set's first pattern."""
    numbers: dict[bytes, int] = {}
    classes = [
        numbers.setdefault(patterns.rows_of(index).tobytes(), len(numbers))
        for index in range(len(patterns.items))
    ]
    found = np.array(classes, np.int64)
    return found, np.unique(found, return_index=True)[1].astype(np.int64)


def _redundant(
    patterns: Patterns,
    classes: NDArray[np.int64],
    tested: pd.DataFrame,
    first: NDArray[np.int64],
) -> Bools:
    """Tell which classes add nothing to a class that a pattern with one token less belongs to.

    To add something, the rates must differ with p < 0.05 after counting (Bonferroni) all classes
    that were tried against the larger one.
    """
    place = {items: number for number, items in enumerate(patterns.items)}
    pairs = {
        (int(classes[number]), int(classes[place[shorter]]))
        for number, items in enumerate(patterns.items)
        for shorter in _one_less(items)
        if shorter in place and classes[place[shorter]] != classes[number]
    }
    redundant = np.zeros(len(first), bool)
    if pairs:
        small, large = np.array(sorted(pairs)).T
        n, hits = tested["n_units"].to_numpy(np.int64), tested["n_hits"].to_numpy(np.int64)
        p = fisher_two_sided(hits[small], n[small], hits[large], n[large])
        tried = np.bincount(large, minlength=len(first))[large]
        redundant[small[p * tried >= 0.05]] = True
    return redundant


def _overlapping(exposed: Exposure, tested: pd.DataFrame, n: int) -> Bools:
    """Mark classes that share most units with a better one on the same side of the base rate."""
    told = _tellable(tested, 0.05).to_numpy(bool)
    above = tested["lift"].to_numpy(float) > 1
    order = np.lexsort((np.arange(len(tested)), -tested["assured"].to_numpy(float)))
    kept: list[tuple[bool, Bools, int]] = []
    overlaps = np.zeros(len(tested), bool)
    for number in order[told[order]]:
        rows = exposed[int(number)]
        for side, mask, size in kept:
            common = int(mask[rows].sum())
            if side == above[number] and common > MAX_OVERLAP * (size + len(rows) - common):
                overlaps[number] = True
                break
        else:
            mine = np.zeros(n, bool)
            mine[rows] = True
            kept.append((bool(above[number]), mine, len(rows)))
    return overlaps


def _tellable(sequences: pd.DataFrame, max_q: float) -> "pd.Series[bool]":
    """Certain, adding something, not the outcome in other words, not refuted by the newest."""
    refuted = (sequences["replicated"] == False).fillna(False).astype(bool)  # noqa: E712
    known = (sequences["q_value"] < max_q).fillna(False).astype(bool)
    return known & ~sequences["redundant"].astype(bool) & ~sequences["restates"] & ~refuted


def _one_less(items: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return (items[:at] + items[at + 1 :] for at in range(len(items)) if len(items) > 1)


def restating(tested: pd.DataFrame, n_hits: int, *, agreement: float = 0.95) -> Bools:
    """Mark what is the outcome in other words.

    Nearly all who show the pattern have the outcome, and nearly only they. A
    step that defines an outcome would otherwise head every list. ``agreement`` is the share
    demanded both of the units with the pattern and of those with the outcome.
    """
    covered = tested["n_hits"] / max(n_hits, 1)
    return np.asarray((tested["outcome_rate"] >= agreement) & (covered >= agreement))


def ranked(sequences: pd.DataFrame, *, max_q: float = 0.05) -> pd.DataFrame:
    """Keep one pattern per statement worth making: the longest of its class, best first.

    Patterns that are uncertain, redundant, overlap with a better one, restate the outcome, or
    did not hold again in the held-out units are left out.
    """
    keep = _tellable(sequences, max_q) & ~sequences["overlaps"].astype(bool)
    kept = sequences.assign(text=sequences["pattern"].map(" > ".join))[keep]
    kept = kept.sort_values(["length", "text"], ascending=[False, True])
    kept = kept.drop_duplicates(["outcome", "unit", "same_units"])
    kept = kept.sort_values(["assured", "text"], ascending=[False, True])
    return kept.drop(columns=["text"]).reset_index(drop=True)


def corrected(sequences: pd.DataFrame) -> pd.DataFrame:
    """Count every class of every search in the q-values; number the patterns.

    Each outcome is a family of its own (:mod:`helpers.patterns.families`).

    Parameters
    ----------
    sequences : DataFrame
        Results of several calls of :func:`contrast_patterns`, one below the other.

    Returns
    -------
    DataFrame
        A new index, ``q_value`` over all searches, ``pattern_no`` (place in the table given).
    """
    rows = sequences.reset_index(drop=True)
    keys = ["outcome", "unit", "same_units"]
    classes = rows.drop_duplicates(keys)[[*keys, "p_value"]]
    q_values = q_by_family(classes["p_value"].astype(float), classes["outcome"])
    classes = classes.assign(q_value=q_values).drop(columns=["p_value"])
    counted = rows.drop(columns=["q_value"]).merge(classes, on=keys, how="left")
    return counted[list(rows.columns)].assign(pattern_no=rows.index)


def common_path(paths: list[list[str]], *, keep: Collection[str] = ()) -> list[str]:
    """Return the tokens that all paths hold, in the order that all agree on.

    Parameters
    ----------
    paths : list of list of str
        Paths in which no token occurs twice.
    keep : collection of str
        Tokens known to have one order everywhere: never left out.

    Returns
    -------
    list of str
        Ordered by mean place; a token whose order is not the same everywhere is left out, the
        one that disagrees with most others first.
    """
    if not paths:
        return []
    shared = sorted(set(paths[0]).intersection(*paths[1:]))
    places = np.array([[path.index(token) for token in shared] for path in paths], float)
    before = (places[:, :, None] < places[:, None, :]).all(axis=0)
    conflicts = ~(before | before.T) & ~np.eye(len(shared), dtype=bool)
    left = list(range(len(shared)))
    while conflicts[np.ix_(left, left)].any():
        clashes = conflicts[np.ix_(left, left)].sum(axis=1)
        clashes[[shared[index] in keep for index in left]] = 0
        if not clashes.any():
            break
        left.pop(int(np.argmax(clashes)))
    order = sorted(left, key=lambda index: (places[:, index].mean(), shared[index]))
    return [shared[index] for index in order]
