"""Which plays an account's state calls for, with the numbers that call for them.

Each rule gives candidates: account, play, how sure the evidence is (0 to 1), the chance that
money is lost or won, and the reason in words. Nothing is decided here; ranking comes later.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.actions import words

__all__ = ["candidates_from_state"]

OPPORTUNITY, LIKELY_UPGRADE = 60.0, 0.25
RENEWAL_DAYS = 60
SILENT_DAYS = 21
LOW_CORE = 0.5
PROMOTER, HEALTHY = 9.0, 70.0
SURE, LIKELY, HINT = 0.9, 0.7, 0.5
"""Evidence: the score's whole interval speaks for it; the score does; a rule of thumb does."""

Row = pd.Series
Words = Callable[[Row], str]


def candidates_from_state(
    state: pd.DataFrame, *, base_rate: float, upgrade_rate: float
) -> pd.DataFrame:
    """Apply every rule to every account.

    Parameters
    ----------
    state : DataFrame
        From :func:`helpers.actions.state.account_state`.
    base_rate, upgrade_rate : float
        Chance to churn, and to upgrade, of the average account: taken where no model tells an
        account's own.

    Returns
    -------
    DataFrame
        ``account_id, play, chance, evidence, reason, pattern_key``: one row a rule that holds.
    """
    loss = state["churn_probability"].astype("float64").fillna(base_rate)
    gain = state["upgrade_probability"].astype("float64").fillna(upgrade_rate)
    tables = [_candidates(state, *rule) for rule in _rules(state, loss, gain, base_rate)]
    columns = ["account_id", "play", "chance", "evidence", "reason", "pattern_key"]
    found = [table for table in tables if len(table)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


Rule = tuple[str, pd.Series, pd.Series, pd.Series, Words, str]


def _rules(state: pd.DataFrame, loss: pd.Series, gain: pd.Series, base_rate: float) -> list[Rule]:
    numbers = pd.DataFrame({name: _number(state, name) for name in _NUMBERS}, index=state.index)
    sure = state["probability_low"].astype("float64") > base_rate
    score = pd.Series(np.where(sure, SURE, LIKELY), index=state.index)
    return [
        *_against_loss(state, numbers, loss, score),
        *_first_steps(state, numbers, loss),
        *_for_growth(state, numbers, gain, score),
    ]


def _against_loss(
    state: pd.DataFrame, number: pd.DataFrame, loss: pd.Series, score: pd.Series
) -> list[Rule]:
    """Return the plays that keep an account."""
    high, medium = state["churn_band"].eq("high"), state["churn_band"].eq("medium")
    unwell = state["health_band"].eq("low")
    worried = high | medium | state["at_risk_segment"] | unwell
    fact, likely = _constant(state, SURE), _constant(state, LIKELY)
    coverage = HINT * state["coverage"].astype("float64").fillna(0.0)
    escalated = worried & (number["tickets_escalated_open__n"] > 0)
    renewing = worried & number["days_to_renewal"].between(0, RENEWAL_DAYS)
    silent = number["days_since_last_event"] >= SILENT_DAYS
    left, owing = number["champion_left_90d"] > 0, worried & (number["overdue__n"] > 0)
    return [
        ("settle_escalation", escalated, loss, fact, words.escalated, "churn_band"),
        ("rescue", high, loss, score, words.scored, "churn_band"),
        ("entered_at_risk", state["entered_at_risk"], loss, likely, words.moved, "churn_band"),
        ("new_champion", left, loss, fact, words.champion_left, "churn_band"),
        ("clear_payment", owing, loss, fact, words.overdue, "churn_band"),
        ("high_touch", unwell, loss, coverage, words.unwell, "health_band"),
        ("renewal_review", renewing, loss, score, words.renewing, "churn_band"),
        ("reactivate", silent, loss, fact, words.silent, "churn_band"),
        ("engage", medium, loss, score, words.scored, "churn_band"),
    ]


def _first_steps(state: pd.DataFrame, number: pd.DataFrame, loss: pd.Series) -> list[Rule]:
    """Return the plays that teach."""
    young = state["lifecycle_stage"].isin(["Onboarding", "Adopting"])
    few_core = number["core_adoption__share_90d"] < LOW_CORE
    unfinished = young & (number["setup__share"] < 1)
    fact, hint = _constant(state, SURE), _constant(state, HINT)
    return [
        ("setup", unfinished, loss, fact, words.setting_up, "setup:finished"),
        ("first_core", young & few_core, loss, hint, words.few_core, "churn_band"),
        ("widen_use", ~young & few_core, loss, hint, words.few_core, "churn_band"),
    ]


def _for_growth(
    state: pd.DataFrame, number: pd.DataFrame, gain: pd.Series, score: pd.Series
) -> list[Rule]:
    """Return the plays that offer more, or ask for a favour."""
    trial = state["is_trial"].fillna(value=0).astype("float64") > 0
    ready = state["segment"].astype(str).str.startswith("Expansion Ready")
    likely_up = state["upgrade_probability"].astype("float64") >= LIKELY_UPGRADE
    opening = (number["opportunity_score"] >= OPPORTUNITY) | likely_up
    content = (number["nps_last"] >= PROMOTER) & (number["health_score"] > HEALTHY)
    fact, hint = _constant(state, SURE), _constant(state, HINT)
    return [
        ("trial_value", trial, gain, fact, words.on_trial, "opportunity"),
        ("expansion_ready", ready, gain, hint, words.ready, "opportunity"),
        ("propose_plan", opening, gain, score, words.opportunity, "opportunity"),
        ("advocacy", content, gain * 0.0, fact, words.content, ""),
    ]


def _constant(state: pd.DataFrame, value: float) -> pd.Series:
    return pd.Series(value, index=state.index)


_NUMBERS = (
    "tickets_escalated_open__n",
    "champion_left_90d",
    "overdue__n",
    "days_to_renewal",
    "days_since_last_event",
    "setup__share",
    "core_adoption__share_90d",
    "opportunity_score",
    "nps_last",
    "health_score",
)


def _number(state: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(state[name], errors="coerce").astype("float64")


def _candidates(
    state: pd.DataFrame,
    play: str,
    holds: pd.Series,
    chance: pd.Series,
    evidence: pd.Series,
    tell: Words,
    pattern: str,
) -> pd.DataFrame:
    chosen = state[holds.fillna(value=False).astype(bool)]
    return pd.DataFrame(
        {
            "account_id": chosen.index.to_numpy(),
            "play": play,
            "chance": chance.reindex(chosen.index).to_numpy(float),
            "evidence": evidence.reindex(chosen.index).to_numpy(float),
            "reason": [tell(row) for _, row in chosen.iterrows()],
            "pattern_key": pattern,
        }
    )
