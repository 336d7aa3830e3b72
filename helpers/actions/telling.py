"""What stands beside an action: the pattern behind it, the account's state, the money's meaning."""

import numpy as np
import pandas as pd

from helpers.actions.patterns import ALL, Patterns, opportunity_group
from helpers.actions.plays import GROWTH, UNCOUNTED

__all__ = ["held_text", "told"]

STAKE_NOTE = "at stake, not a promise"


def told(
    valued: pd.DataFrame, state: pd.DataFrame, patterns: Patterns, currency: str
) -> pd.DataFrame:
    """Add what happened before to accounts like it, its state, and the note beside the money.

    Parameters
    ----------
    valued : DataFrame
        Candidates with their value.
    state : DataFrame
        Of the accounts.
    patterns : mapping
        From :func:`helpers.actions.patterns.historical_patterns`.
    currency : str
        For the note.

    Returns
    -------
    DataFrame
        With ``pattern``, ``state``, ``expected_impact`` (money at stake a year; missing where it
        is not known, and for plays beside which none is counted) and ``impact_note``.
    """
    groups = {
        "churn_band": state["churn_band"],
        "health_band": state["health_band"],
        "opportunity": opportunity_group(state["opportunity_score"]),
    }
    pattern = []
    for row in valued.itertuples():
        key, _, group = str(row.pattern_key).partition(":")
        own = groups[key].get(row.account_id) if key in groups else group
        everybody = patterns.get((ALL, "upgraded" if row.objective in GROWTH else "churned"))
        pattern.append(patterns.get((key, str(own)), everybody))
    now = valued["account_id"].map(_state_texts(state))
    return valued.assign(
        pattern=pd.Series(pattern, index=valued.index, dtype="object"),
        state=now,
        expected_impact=valued["at_stake"].mask(_uncounted(valued)),
        impact_note=_notes(valued, currency),
    )


def _state_texts(state: pd.DataFrame) -> pd.Series:
    def text(row: pd.Series) -> str:
        parts = [f"segment {row['segment']}", f"lifecycle stage {row['lifecycle_stage']}"]
        if pd.notna(row["churn_score"]):
            parts.append(f"churn score {int(row['churn_score'])} (higher = more risk)")
        if pd.notna(row["health_score"]):
            parts.append(f"health {float(row['health_score']):.0f} (higher = healthier)")
        return ", ".join(part for part in parts if not part.endswith((" nan", " None", " <NA>")))

    return pd.Series([text(row) for _, row in state.iterrows()], index=state.index, dtype="object")


def _uncounted(valued: pd.DataFrame) -> pd.Series:
    return valued["play"].isin(UNCOUNTED) | valued["routine"].astype(bool)


def _notes(valued: pd.DataFrame, currency: str) -> pd.Series:
    grows = valued["objective"].isin(GROWTH)
    money = valued["mrr"].where(~grows, valued["uplift"]).astype("float64")
    silent = _uncounted(valued)
    texts = [
        "no money is counted" if quiet else _note(chance, amount, bool(growing), currency)
        for quiet, chance, amount, growing in zip(
            silent, valued["chance"].astype(float), money, grows, strict=True
        )
    ]
    return pd.Series(texts, index=valued.index, dtype="object")


def _note(chance: float, money: float, grows: bool, currency: str) -> str:
    if not np.isfinite(money):
        return "not known: no monthly revenue on record"
    if not np.isfinite(chance):
        return "not known: no outcome on record yet"
    what = "uplift" if grows else "revenue"
    return f"{STAKE_NOTE}: {chance:.0%} x {money:,.0f} {currency} {what} x 12 months"


def held_text(best: pd.DataFrame, held: pd.DataFrame) -> pd.Series:
    """Return for each action whether an upsell of the account is held back, and why."""
    first = held.drop_duplicates("account_id").set_index("account_id")
    text = "upsell held back: " + first["why"].astype(str)
    return best["account_id"].map(text.to_dict()).astype("object").fillna("")
