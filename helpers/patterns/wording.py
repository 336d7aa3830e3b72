"""Patterns in words: what was observed, of how many, against what. Never what it would change."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from helpers.patterns.advice import advise_on_sequences, advise_on_shifts
from helpers.patterns.material import Material
from helpers.patterns.where import say_place

__all__ = [
    "CAVEATS",
    "MOST_SHOWN",
    "room_for",
    "say_rule",
    "say_sequence",
    "say_steps",
    "shown_journeys",
    "shown_shifts",
    "shown_signals",
    "with_interval",
]

MOST_SHOWN = 12
"""Patterns, and rules, that one page shows; the rest is in the tables."""
CAVEATS = (
    (
        "Rates were observed side by side. What would happen if somebody changed a step, a "
        "behaviour or a plan can only be shown by an experiment."
    ),
    "Lift compares with all, relative risk with those without the pattern: two numbers.",
)
"""What a reader of every pattern must know."""
_BECAME = {"activated": "became active", "churned": "churned", "upgraded": "upgraded"}


def say_sequence(sequences: pd.DataFrame, material: Material) -> pd.Series:
    """Write a sentence per pattern: rate, interval, n, base rate, lift and relative risk apart."""
    windows = {
        "activated": f"first {material.journeys.journey_days} days hold this path",
        "churned": f"last {material.before_outcomes.basket_days} days held these signals in order",
        "upgraded": f"last {material.before_outcomes.basket_days} days held these signals in order",
    }
    said = [
        f"Of {row['n_units']:,} {row['unit']}s ({row['n_accounts']:,} accounts) whose "
        f"{windows[row['outcome']]}, {_rate(row, 'outcome_rate')} {_BECAME[row['outcome']]} "
        f"afterwards; of all, {row['base_rate']:.1%}. {_compared(row)}"
        for row in sequences.to_dict("records")
    ]
    return pd.Series(said, index=sequences.index, dtype="string")


def room_for(*, most: int = MOST_SHOWN, **wanted: int) -> dict[str, int]:
    """Share out the rows that a reader has time for.

    Parameters
    ----------
    most : int
        Rows in all.
    **wanted : int
        Rows that each list has.

    Returns
    -------
    dict of str to int
        Rows that each list may show: what it has, if that is no more than its equal part; what
        others leave over goes to the lists that have more, the first one first.
    """
    part = most // max(len(wanted), 1)
    given = {name: min(rows, part) for name, rows in wanted.items()}
    left = most - sum(given.values())
    for name, rows in wanted.items():
        more = min(rows - given[name], left)
        given[name], left = given[name] + more, left - more
    return given


def shown_journeys(sequences: pd.DataFrame) -> pd.DataFrame:
    """Return reported journeys for a reader: whole paths."""
    mine = sequences[sequences["reported"] & (sequences["outcome"] == "activated")]
    return _for_reader(mine)[["path", *_SHOWN]].reset_index(drop=True)


def shown_signals(sequences: pd.DataFrame) -> pd.DataFrame:
    """Return reported sequences of signals for a reader."""
    mine = sequences[sequences["reported"] & (sequences["outcome"] != "activated")]
    return _for_reader(mine)[["pattern", "outcome", *_SHOWN]].reset_index(drop=True)


def _for_reader(sequences: pd.DataFrame) -> pd.DataFrame:
    return with_interval(sequences).assign(what_to_do=advise_on_sequences(sequences))


def shown_shifts(shifts: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return reported shifts for a reader: when, for whom, how often, and what to do."""
    mine = with_interval(shifts[shifts["reported"]])
    rows = mine.to_dict("records")
    return pd.DataFrame(
        {
            "pattern": mine["pattern"],
            "where_and_when": pd.array([say_place(row) for row in rows], dtype="string"),
            "n_sessions": mine["n_sessions"],
            "rate": mine["rate"],
            "interval": mine["interval"],
            "elsewhere_rate": mine["rate_elsewhere"],
            "q_value": mine["q_value"],
            "also": pd.array([_also(row) for row in rows], dtype="string"),
            "what_to_do": advise_on_shifts(mine, as_of=as_of),
        }
    ).reset_index(drop=True)


def _also(row: dict[Hashable, Any], *, most: int = 1) -> str:
    others = list(row["also"])
    more = f" and {len(others) - most} more" if len(others) > most else ""
    return "; ".join(others[:most]) + more if others else "nothing else"


def with_interval(rates: pd.DataFrame) -> pd.DataFrame:
    """Write ``low`` and ``high`` as one text, for tables that people read."""
    ends = zip(rates["low"], rates["high"], strict=True)
    texts = [f"{low:.0%}\u00a0to\u00a0{high:.0%}" for low, high in ends]  # on one line
    return rates.assign(interval=pd.array(texts, dtype="string"))


_SHOWN = (
    "n_units",
    "outcome_rate",
    "interval",
    "base_rate",
    "lift",
    "relative_risk",
    "q_value",
    "replicated",
    "what_to_do",
)


def say_rule(rules: pd.DataFrame, *, basket_days: int, horizon_days: int) -> pd.Series:
    """Write a sentence per rule, lift and relative risk named apart."""
    said = []
    for row in rules.to_dict("records"):
        left = " and ".join(f"'{item}'" for item in row["antecedents"])
        right = row["consequents"][0]
        then = f"had '{right}' too" if right.startswith("uses ") else _outcome(right, horizon_days)
        said.append(
            f"Of {row['n_baskets']:,} account-periods ({row['n_accounts']:,} accounts) with {left} "
            f"within {basket_days} days, {_rate(row, 'confidence')} {then}; of all, "
            f"{row['base_rate']:.1%}. {_compared(row)}"
        )
    return pd.Series(said, index=rules.index, dtype="string")


def say_steps(steps: pd.DataFrame, *, days: int) -> pd.Series:
    """Write a sentence per next step: rate, interval, n, and the two comparisons."""
    said = [
        f"Of {row['n_units']:,} account-dates ({row['n_accounts']:,} accounts) in the stage "
        f"{row['lifecycle_stage']} that came to '{row['step']}' next, "
        f"{_rate(row, 'outcome_rate')} stood well {days} days on; of those that did not, "
        f"{row['rate_without']:.1%}. Among accounts that used as many other features: "
        f"{_times(_number(row['alike_lift']))} times what was to be expected."
        for row in steps.to_dict("records")
    ]
    return pd.Series(said, index=steps.index, dtype="string")


def _outcome(item: str, horizon_days: int) -> str:
    return f"{item.removesuffix(' next')} in the next {horizon_days} days"


def _rate(row: dict[object, object], name: str) -> str:
    return f"{row[name]:.1%} ({row['low']:.1%} to {row['high']:.1%})"


def _compared(row: dict[object, object]) -> str:
    lift, risk = _number(row["lift"]), _number(row["relative_risk"])
    if not np.isfinite(lift):
        return "Nobody did."
    if not np.isfinite(risk):
        return f"Lift {_times(lift)} (against all); nobody without it did."
    return f"Lift {_times(lift)} (against all); {_times(risk)} times the rate of those without it."


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 9.95 else f"{ratio:.2g}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
