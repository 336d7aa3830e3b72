"""All sequences worth telling: first journeys before activation, signals before churn or upgrade.

Both searches ask the same of a pattern: who shows it, what became of them afterwards, and is
that certain once everything that was searched is counted.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.patterns.baskets import OUTCOME_ITEMS, signals_in_window
from helpers.patterns.frames import cells
from helpers.patterns.material import Material
from helpers.patterns.mining import SEQUENCE_COLUMNS, contrast_patterns, corrected, ranked
from helpers.patterns.paths import first_steps, path_of
from helpers.patterns.prefixspan import mine_bounded
from helpers.patterns.sequences import encode, fold_repeats
from helpers.patterns.signals import restates_outcome
from helpers.patterns.wording import say_sequence

__all__ = ["MAX_UNITS", "mine_sequences"]

MAX_UNITS = 20_000
"""More units are thinned evenly: rates are then certain to a percent, and memory stays small."""
HELD_OUT = 0.3


def mine_sequences(
    material: Material,
    *,
    min_support: float,
    max_length: int,
    min_units: int = 30,
    max_q: float = 0.05,
) -> pd.DataFrame:
    """Mine journeys and signal sequences and contrast them with what came afterwards.

    Parameters
    ----------
    material : Material
        From :func:`helpers.patterns.material.read_material`.
    min_support : float
        Share of the units that must show a pattern, in (0, 1).
    max_length : int
        Tokens of the longest pattern.
    min_units : int
        Fewer units with, or without, a pattern: not tested, not reported.
    max_q : float
        Largest q-value reported.

    Returns
    -------
    DataFrame
        Every pattern searched, with the columns of
        :data:`helpers.patterns.mining.SEQUENCE_COLUMNS`, ``reported`` (one pattern a statement:
        certain, adding something), ``path`` (of reported journeys: all that all of its units
        did, in order) and ``reads_as``. Reported ones first, best first.
    """
    found = [
        _journeys(material, min_support, max_length, min_units),
        _signals(material, "churned", max_length, min_units),
        _signals(material, "upgraded", max_length, min_units),
    ]
    sequences = corrected(pd.concat([part for part in found if len(part)] or found[:1]))
    best = ranked(sequences, max_q=max_q)
    place = pd.Series(np.arange(len(best)), best["pattern_no"])
    sequences["place"] = sequences["pattern_no"].map(place)
    sequences["reported"] = sequences["place"].notna()
    by = ["place", "outcome", "length", "pattern_no"]
    ordered = sequences.sort_values(by, kind="stable").drop(columns=["place", "pattern_no"])
    ordered["path"] = _paths(ordered, material)
    ordered["reads_as"] = say_sequence(ordered, material)
    return ordered.reset_index(drop=True)


def _paths(sequences: pd.DataFrame, material: Material) -> pd.Series:
    steps = first_steps(material.journeys)
    told = sequences["reported"] & (sequences["outcome"] == "activated")
    return cells(
        (
            path_of(pattern, steps) if tell else None
            for pattern, tell in zip(sequences["pattern"], told, strict=True)
        ),
        sequences.index,
    )


def _journeys(
    material: Material, min_support: float, max_length: int, min_units: int
) -> pd.DataFrame:
    journeys = material.journeys
    units = _thinned(journeys.judged)
    if units.empty:
        return pd.DataFrame(columns=list(SEQUENCE_COLUMNS))
    firsts = journeys.tokens.drop_duplicates(["unit", "token"])
    patterns = mine_bounded(
        encode(firsts, units["unit"]),
        min_support=max(min_units, int(np.ceil(min_support * len(units)))),
        max_length=max_length,
        anchored=True,
        spark=material.spark,
    )
    newest = units["started_on"] > units["started_on"].quantile(1 - HELD_OUT)
    return contrast_patterns(
        patterns,
        units["activated"],
        units["account_id"],
        outcome_name="activated",
        unit=journeys.unit_kind,
        newest=newest,
        min_units=min_units,
    )


def _signals(material: Material, outcome: str, max_length: int, min_units: int) -> pd.DataFrame:
    """Sequences of signals before each date, against what followed it."""
    held = material.before_outcomes
    baskets = _thinned(held.baskets)
    if baskets.empty:
        return pd.DataFrame(columns=list(SEQUENCE_COLUMNS))
    dates = sorted(baskets["as_of"].unique())
    seen = signals_in_window(material.signals, dates, days=held.basket_days)
    restating = restates_outcome(seen["signal"], outcome, silence=material.silence_is_churn)
    keyed = seen[~restating].merge(baskets, on=["account_id", "as_of"])
    tokens = fold_repeats(
        keyed.sort_values(["basket", "day", "signal"], kind="stable")
        .rename(columns={"basket": "unit", "signal": "token"})[["unit", "token"]]
        .reset_index(drop=True)
    )
    item = OUTCOME_ITEMS[("churned", "upgraded").index(outcome)]
    hit = baskets["basket"].isin(held.items.loc[held.items["item"] == item, "basket"])
    patterns = mine_bounded(
        encode(tokens, baskets["basket"]),
        min_support=min_units,
        max_length=min(max_length, 4),
        spark=material.spark,
    )
    return contrast_patterns(
        patterns,
        hit,
        baskets["account_id"],
        outcome_name=outcome,
        unit="account-period",
        newest=_newest(baskets["as_of"]),
        min_units=min_units,
    )


def _newest(dates: pd.Series) -> NDArray[np.bool_] | None:
    return None if dates.nunique() < 2 else (dates == dates.max()).to_numpy(bool)


def _thinned(units: pd.DataFrame) -> pd.DataFrame:
    """Return at most ``MAX_UNITS`` rows, evenly spaced; a new index."""
    if len(units) <= MAX_UNITS:
        return units.reset_index(drop=True)
    kept = np.arange(MAX_UNITS) * len(units) // MAX_UNITS
    return units.iloc[kept].reset_index(drop=True)
