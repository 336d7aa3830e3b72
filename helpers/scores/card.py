"""The model card: what the churn model is for, what it rests on, and where it fails."""

import pandas as pd

from helpers.scores.gates import SIGNAL_RULE
from helpers.scores.inputs import indicator_table
from helpers.scores.logistic import STRENGTHS
from helpers.scores.scale import CHURN_DIRECTION, HIGH_ODDS
from helpers.scores.study import Study

__all__ = ["model_card"]


PURPOSE = (
    "Orders live accounts by how likely they are to churn, so that a team with little time talks "
    "to the right ones first. A person decides; nothing is sent by itself."
)
NOT_FOR = (
    "Contract terms, prices or service levels of single customers; judging colleagues; saying "
    "what makes customers leave."
)
METHOD = (
    "Logistic regression with an L2 penalty (strength chosen among "
    f"{', '.join(map(str, STRENGTHS))} by accounts left out); trends relative to what all "
    "accounts did at the date; missing values as the median with a mark of their own; a sigmoid "
    "curve, fitted on accounts left out, makes probabilities of the scores. No class weights."
)
JUDGED_ON = (
    "The newest dates whose outcomes are known, by models that had seen only outcomes known at "
    f"those dates and none of the accounts they scored. {SIGNAL_RULE}"
)
ASSUMES = (
    "That the next weeks resemble the period learnt from; that outcomes are recorded completely "
    "and on the right day; that features were known when they say so."
)
LIMITS = (
    "Interventions of the team are not modelled: an account that was rescued teaches the model "
    "that its signs were harmless. One account counts at several dates, so there is less to learn "
    "from than rows suggest. New products, prices or markets need new data. Intervals of a "
    "probability tell what other customers would have taught the model, not all that can happen."
)
GROUPS = (
    "Neither region, industry, size nor age of an account is looked at; how well regions and "
    "sizes are served is measured in this notebook."
)


def model_card(study: Study) -> pd.DataFrame:
    """Return the card as a table of ``topic, statement``; the numbers are those of this run.

    ``study`` is that of churn.
    """
    texts = {
        "purpose": PURPOSE,
        "not for": NOT_FOR,
        "outcome": _outcome(study.panel.horizon_days),
        "learnt from": _learnt(study),
        "looks at": _inputs(study),
        "method": METHOD,
        "score": _score(study),
        "judged on": JUDGED_ON,
        "verdict": _verdict(study),
        "assumes": ASSUMES,
        "limits": LIMITS,
        "groups": GROUPS,
    }
    return pd.DataFrame({"topic": list(texts), "statement": list(texts.values())})


def _outcome(horizon_days: int) -> str:
    return (
        f"Recorded as churned within {horizon_days} days after the date of the score. Dates "
        "whose window is not over yet are not used."
    )


def _learnt(study: Study) -> str:
    known = study.panel.rows[study.panel.labelled()]
    if known.empty:
        return "Nothing: no date has an outcome that is known by now."
    left = known[known["outcome"] > 0]
    return (
        f"{len(known):,} account-dates of {known['account_id'].nunique():,} accounts, "
        f"{known['as_of'].nunique()} dates from {known['as_of'].min():%Y-%m-%d} to "
        f"{known['as_of'].max():%Y-%m-%d}; {left['account_id'].nunique():,} accounts churned."
    )


def _inputs(study: Study) -> str:
    table = indicator_table(study.panel.inputs)
    absent = table.loc[~table["available"], "indicator"].tolist()
    text = f"{len(study.panel.inputs)} features of use, people, support, payment and surveys."
    if absent:
        text += f" Not available in this company's data: {', '.join(absent)}."
    return text


def _score(study: Study) -> str:
    text = (
        f"{CHURN_DIRECTION}. 30 is the company's usual risk, 70 stands for {HIGH_ODDS:.0f} times "
        "its odds; bands: 0 to 30 low, 31 to 70 medium, 71 to 100 high, after rounding half up."
    )
    if study.fitted is not None:
        text += f" Usual risk: {study.fitted.base_rate:.1%}."
    return text


def _verdict(study: Study) -> str:
    found = study.signal
    if not found.passed:
        return f"No scores: {found.reason}."
    return (
        f"Area under the curve {found.auc:.2f} ({found.auc_low:.2f} to {found.auc_high:.2f}; age "
        f"alone {found.auc_by_age:.2f}), average precision {found.average_precision:.2f} against "
        f"{found.base_rate:.2f} by lot, {found.n_positive} churned, p = {found.p_value:.3f}."
    )
