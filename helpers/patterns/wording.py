"""Patterns in words: what was observed, of how many, against what. Never what it would change."""

import numpy as np
import pandas as pd

from helpers.patterns.material import Material

__all__ = [
    "CAVEATS",
    "say_rule",
    "say_sequence",
    "shown_journeys",
    "shown_signals",
    "with_interval",
]

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


def shown_journeys(sequences: pd.DataFrame) -> pd.DataFrame:
    """Return reported journeys for a reader: whole paths."""
    mine = sequences[sequences["reported"] & (sequences["outcome"] == "activated")]
    return with_interval(mine)[["path", *_SHOWN]].reset_index(drop=True)


def shown_signals(sequences: pd.DataFrame) -> pd.DataFrame:
    """Return reported sequences of signals for a reader."""
    mine = sequences[sequences["reported"] & (sequences["outcome"] != "activated")]
    return with_interval(mine)[["pattern", "outcome", *_SHOWN]].reset_index(drop=True)


def with_interval(rates: pd.DataFrame) -> pd.DataFrame:
    """Write ``low`` and ``high`` as one text, for tables that people read."""
    ends = zip(rates["low"], rates["high"], strict=True)
    texts = [f"{low:.0%}\u00a0to\u00a0{high:.0%}" for low, high in ends]  # on one line
    return rates.assign(interval=pd.array(texts, dtype="string"))


_SHOWN = (
    "n_units",
    "n_accounts",
    "outcome_rate",
    "interval",
    "base_rate",
    "lift",
    "relative_risk",
    "q_value",
    "replicated",
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
