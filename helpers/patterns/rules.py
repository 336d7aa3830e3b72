"""Which behaviours go together, and which come before churn or an upgrade: rules, judged.

A rule is reported only if it is certain after counting everything that was searched, if its
antecedents say more than each shorter rule inside it, and if somebody can act on it. An
outcome stands only on the right of a rule, and lies after the window of the items on its left.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.patterns.contrast import Exposure, contrast, exposures, holds_twice
from helpers.patterns.frames import cells
from helpers.patterns.itemsets import Candidates
from helpers.stats import benjamini_hochberg, fisher_exact_greater

__all__ = ["RULE_COLUMNS", "alike_lift", "judge", "replicate", "select", "sharpest"]

MAX_OVERLAP = 0.7
"""Share of common baskets (of all baskets of both) above which two rules are told as one."""
RULE_COLUMNS = (
    "antecedents",
    "consequents",
    "n_baskets",
    "n_hits",
    "n_accounts",
    "support",
    "coverage",
    "confidence",
    "low",
    "high",
    "base_rate",
    "rate_without",
    "lift",
    "relative_risk",
    "p_value",
    "q_value",
    "replicated",
    "redundant",
)


def judge(
    table: pd.DataFrame, baskets: pd.DataFrame, candidates: Candidates, *, min_baskets: int = 20
) -> pd.DataFrame:
    """Count and test every candidate rule.

    Parameters
    ----------
    table : DataFrame of bool, (n_baskets, n_items)
        From :func:`helpers.patterns.itemsets.incidence`.
    baskets : DataFrame
        ``account_id``, ``as_of``; the rows of ``table`` in the same order.
    candidates : Candidates
        The rules; all of them count for the correction.
    min_baskets : int
        Fewer baskets with, or without, the antecedents: not tested.

    Returns
    -------
    DataFrame
        One row a rule with the columns ``RULE_COLUMNS``; ``antecedents`` and ``consequents``
        are tuples, ``coverage`` is the share of baskets with the antecedents, ``support`` with
        both sides, ``q_value`` counts these rules only, ``replicated`` is missing.

    Raises
    ------
    ParameterError
        If ``table`` and ``baskets`` differ in length.
    """
    if len(table) != len(baskets):
        raise ParameterError(
            f"judge: expected one row of items per basket, got {len(table)} for {len(baskets)}."
        )
    frames = []
    for consequent in sorted({after for _, after in candidates.rules}):
        sets = [before for before, after in candidates.rules if after == consequent]
        outcome = table[consequent].to_numpy(bool)
        found = contrast(
            _exposed(table, sets), outcome, baskets["account_id"], min_units=min_baskets
        )
        frames.append(
            found.assign(
                antecedents=cells(sets),
                consequents=cells([(consequent,)] * len(sets)),
                support=found["n_hits"] / len(table),
                coverage=found["n_units"] / len(table),
            )
        )
    if not frames:
        return pd.DataFrame(columns=list(RULE_COLUMNS))
    rules = pd.concat(frames, ignore_index=True)
    rules = rules.rename(columns={"n_units": "n_baskets", "outcome_rate": "confidence"})
    rules["q_value"] = benjamini_hochberg(rules["p_value"])
    rules["replicated"] = pd.array([None] * len(rules), dtype="boolean")
    rules["redundant"] = _redundant(rules)
    return rules[list(RULE_COLUMNS)]


def _exposed(table: pd.DataFrame, sets: list[tuple[str, ...]]) -> Exposure:
    columns = {name: table[name].to_numpy(bool) for name in {i for items in sets for i in items}}
    return exposures(
        [np.flatnonzero(np.logical_and.reduce([columns[i] for i in items])) for items in sets]
    )


def _redundant(rules: pd.DataFrame, *, max_q: float = 0.05) -> NDArray[np.bool_]:
    """Tell which rules do not say more than a rule with fewer antecedents.

    More means: among the baskets of each shorter rule, those of the longer one have the
    consequent more often. The largest p-value over the shorter ones is corrected
    (Benjamini-Hochberg) over the longer rules of this consequent that are certain by themselves
    and raise its rate: of the others nothing will be told in any case.
    """
    keys = list(zip(rules["antecedents"], rules["consequents"], strict=True))
    place = {key: number for number, key in enumerate(keys)}
    pairs = [
        (number, place[(shorter, after)])
        for number, (before, after) in enumerate(keys)
        for size in range(1, len(before))
        for shorter in combinations(before, size)
        if (shorter, after) in place
    ]
    redundant = np.zeros(len(rules), bool)
    if pairs:
        longer, shorter = np.array(pairs).T
        hits, n = rules["n_hits"].to_numpy(np.int64), rules["n_baskets"].to_numpy(np.int64)
        p = fisher_exact_greater(hits[longer], n[longer], hits[shorter], n[shorter])
        worst = np.full(len(rules), -1.0)
        np.maximum.at(worst, longer, p)
        told = ((rules["q_value"] < max_q) & (rules["lift"] > 1)).to_numpy(bool)
        after = np.array([items[0] for _, items in keys])
        for consequent in np.unique(after):
            mine = np.flatnonzero((worst >= 0) & (after == consequent))
            certain = mine[told[mine]]
            redundant[mine] = True
            redundant[certain] = benjamini_hochberg(worst[certain]) >= max_q
    return redundant


def replicate(
    rules: pd.DataFrame, table: pd.DataFrame, baskets: pd.DataFrame, *, min_baskets: int = 10
) -> pd.DataFrame:
    """Look whether each rule is found in the earlier periods and holds in the newest one.

    Parameters
    ----------
    rules : DataFrame
        From :func:`judge`.
    table, baskets : DataFrame
        As given to :func:`judge`.
    min_baskets : int
        Fewer baskets with the antecedents in either part: not looked at.

    Returns
    -------
    DataFrame
        ``rules`` with ``replicated``: true if both parts differ from their overall rate in the
        same direction, each with p < 0.05; missing if it cannot be said: one period only, or
        too few baskets.
    """
    newest = (baskets["as_of"] == baskets["as_of"].max()).to_numpy(bool)
    held = []
    for consequent in sorted(set(rules["consequents"])):
        part = rules[[after == consequent for after in rules["consequents"]]]
        outcome = table[consequent[0]].to_numpy(bool)
        exposed = _exposed(table, list(part["antecedents"]))
        again = holds_twice(exposed, outcome, baskets["account_id"], newest, min_units=min_baskets)
        held.append(again.set_axis(part.index))
    return rules.assign(replicated=pd.concat(held).reindex(rules.index)) if held else rules


def alike_lift(rules: pd.DataFrame, table: pd.DataFrame, uses: list[str]) -> pd.Series:
    """Lift among baskets that use equally many other features.

    Who uses much uses everything: most pairs of features go together only for that. Here the
    consequent is expected as often as in baskets with the same number of other features (those
    of the rule apart), and the lift is what was observed over what was expected.

    Parameters
    ----------
    rules : DataFrame
        ``antecedents``, ``consequents``.
    table : DataFrame of bool
        Baskets by items.
    uses : list of str
        The items that are use of a feature.

    Returns
    -------
    Series, (n_rules,)
        Near 1: nothing beyond the breadth of use. Missing where nothing is expected.

    References
    ----------
    Mantel, Haenszel (1959), *JNCI* 22, 719-748: observed against expected over strata.
    """
    breadth = table[uses].sum(axis=1).to_numpy(int)
    values = []
    for before, after in zip(rules["antecedents"], rules["consequents"], strict=True):
        exposed = np.logical_and.reduce([table[item].to_numpy(bool) for item in before])
        hit = table[after[0]].to_numpy(bool)
        own = sum(table[item].to_numpy(int) for item in (*before, *after) if item in uses)
        other = breadth - own
        n, hits, both = (
            np.bincount(other, weights=weight.astype(float), minlength=len(uses) + 1)
            for weight in (np.ones(len(table)), hit, exposed)
        )
        expected = float(np.sum(both * np.divide(hits, n, out=np.zeros_like(hits), where=n > 0)))
        values.append(float((exposed & hit).sum()) / expected if expected else np.nan)
    return pd.Series(values, index=rules.index, dtype="float64")


def sharpest(rules: pd.DataFrame, table: pd.DataFrame, baskets: pd.DataFrame) -> pd.DataFrame:
    """Leave out rules that only repeat a sharper one.

    From the highest lift down, a rule is left out if much the same baskets have the antecedents
    of one already kept for this consequent, or if it is part of kept ones and says nothing without
    them: their baskets taken away, the consequent is not more frequent than among all (p < 0.05).
    """
    kept: list[int] = []
    for consequent in sorted(set(rules["consequents"])):
        part = rules[[after == consequent for after in rules["consequents"]]]
        hit = table[consequent[0]].to_numpy(bool)
        told: list[tuple[set[str], NDArray[np.bool_]]] = []
        ordered = part.sort_values(["lift", "antecedents"], ascending=[False, True])
        for index, items in zip(ordered.index.tolist(), ordered["antecedents"], strict=True):
            exposed = np.logical_and.reduce([table[item].to_numpy(bool) for item in items])
            repeats = any(
                (exposed & mask).sum() > MAX_OVERLAP * (exposed | mask).sum() for _, mask in told
            )
            inside = [mask for longer, mask in told if longer > set(items)]
            if not repeats and (not inside or _says_more(exposed, inside, hit, baskets)):
                kept.append(index)
                told.append((set(items), exposed))
    return rules.loc[sorted(kept)].reset_index(drop=True)


def _says_more(
    exposed: NDArray[np.bool_],
    inside: list[NDArray[np.bool_]],
    hit: NDArray[np.bool_],
    baskets: pd.DataFrame,
) -> bool:
    """Tell whether the rest of a rule's baskets still has the consequent more often than all."""
    rest = exposures([np.flatnonzero(exposed & ~np.logical_or.reduce(inside))])
    found = contrast(rest, hit, baskets["account_id"], min_units=1).iloc[0]
    return bool(found["lift"] > 1 and found["p_value"] < 0.05)


def select(
    rules: pd.DataFrame, *, max_q: float = 0.05, min_lift: float = 1.2, min_confidence: float = 0.0
) -> pd.DataFrame:
    """Keep the rules that are certain, strong enough and not said by a shorter one.

    Returns
    -------
    DataFrame
        By consequent, then the highest lift, then the antecedents; a new index.
    """
    keep = (rules["q_value"] < max_q) & (rules["lift"] >= min_lift)
    keep &= (rules["confidence"] >= min_confidence) & ~rules["redundant"].astype(bool)
    keep &= ~(rules["replicated"] == False).fillna(False)  # noqa: E712
    by = ["consequents", "lift", "antecedents"]
    return rules[keep].sort_values(by, ascending=[True, False, True]).reset_index(drop=True)
