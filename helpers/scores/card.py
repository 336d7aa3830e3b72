"""The model card: what a model is for, what it rests on, and where it fails."""

import pandas as pd

from helpers.scores.directions import DIRECTIONS
from helpers.scores.gates import SIGNAL_RULE
from helpers.scores.inputs import indicator_table
from helpers.scores.logistic import STRENGTHS
from helpers.scores.scale import CHURN_DIRECTION, HIGH_ODDS
from helpers.scores.study import Study

__all__ = ["model_card", "model_cards"]

NOUN = {"churned": "churned", "upgraded": "upgraded", "silent": "were silent for a week"}
PURPOSE = {
    "churned": "Orders live accounts by how likely they are to churn, so that a team with little "
    "time talks to the right ones first. A person decides; nothing is sent by itself.",
    "upgraded": "Says how likely a live account is to upgrade, beside the written opportunity "
    "score, so that an offer is made where it is welcome. A person decides.",
    "silent": "Says how likely an account is to be active in the week that begins, so that a "
    "silence can be met before it becomes a habit. A person decides.",
}
NOT_FOR = {
    "churned": "Contract terms, prices or service levels of single customers; judging colleagues; "
    "saying what makes customers leave.",
    "upgraded": "Prices or discounts of single customers; pressing accounts that are at risk; "
    "forecasts of revenue.",
    "silent": "Counting people's working hours; judging colleagues; anything about single users.",
}
OUTCOME = {
    "churned": "Recorded as churned within {days} days after the date of the score. Dates "
    "whose window is not over yet are not used.",
    "upgraded": "Recorded as upgraded within {days} days after the date of the score. Dates whose "
    "window is not over yet are not used.",
    "silent": "No event at all in the {days} days that begin. Accounts that have left are not "
    "asked about.",
}
METHOD = (
    "Logistic regression with an L2 penalty (strength chosen among "
    f"{', '.join(map(str, STRENGTHS))} by accounts left out), in which {{signed}} inputs may move "
    "the score in one direction only; trends relative to what all accounts did at the date; "
    "missing values as the median with a mark of their own; a sigmoid curve, fitted on accounts "
    "left out, makes probabilities of the scores. No class weights. Kept as text, never as code."
)
JUDGED_ON = (
    "The newest dates whose outcomes are known, by models that had seen only outcomes known at "
    f"those dates and none of the accounts they scored. {SIGNAL_RULE}"
)
ASSUMES = {
    "churned": "That the next weeks resemble the period learnt from; that outcomes are recorded "
    "completely and on the right day; that features were known when they say so.",
    "upgraded": "That plans and prices stay what they were; that upgrades are recorded on the "
    "right day; that whoever nears a limit then nears it for the same reasons.",
    "silent": "That events arrive within a day; that an outage of the product is not taken for "
    "silence; that the coming week is an ordinary one: a holiday makes everybody quieter.",
}
LIMITS = {
    "churned": "Interventions of the team are not modelled: an account that was rescued teaches "
    "the model that its signs were harmless. One account counts at several dates, so there is "
    "less to learn from than rows suggest. New products, prices or markets need new data. "
    "Intervals of a probability tell what other customers would have taught the model, not all "
    "that can happen.",
    "upgraded": "Offers already made are not modelled: where the team has been selling, it learns "
    "whom the team chose. Upgrades of price lists look like any other. Look-alikes are similar in "
    "what is measured, not in what they need.",
    "silent": "Any event counts, however small, so an active week is not a useful one. Weeks of "
    "one account resemble each other; the interval tells what other accounts would have taught.",
}
GROUPS = (
    "Neither region, industry, size nor age of an account is looked at. How well regions, sizes "
    "and plans are served is measured: {found}"
)


def model_cards(
    parts: dict[str, tuple[Study, pd.DataFrame]],
) -> pd.DataFrame:
    """Return one card a model as a table of ``model, topic, statement``.

    ``parts`` has for each name the study and its fairness table.
    """
    cards = [
        model_card(study, fairness).assign(model=name) for name, (study, fairness) in parts.items()
    ]
    return pd.concat(cards, ignore_index=True)[["model", "topic", "statement"]]


def model_card(study: Study, fairness: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the card as a table of ``topic, statement``; the numbers are those of this run.

    Parameters
    ----------
    study : Study
        Of churn, of upgrades or of silent weeks.
    fairness : DataFrame, optional
        From :func:`helpers.scores.judgement.fairness_table`.
    """
    target = study.panel.target
    signed = sum(item.name in DIRECTIONS.get(target, {}) for item in study.panel.inputs)
    texts = {
        "purpose": PURPOSE[target],
        "not for": NOT_FOR[target],
        "outcome": OUTCOME[target].format(days=study.panel.horizon_days),
        "learnt from": _learnt(study),
        "looks at": _inputs(study),
        "method": METHOD.format(signed=f"{signed} of {len(study.panel.inputs)}"),
        "score": _score(study),
        "judged on": JUDGED_ON,
        "verdict": _verdict(study),
        "assumes": ASSUMES[target],
        "limits": LIMITS[target],
        "groups": GROUPS.format(found=_groups(fairness)),
    }
    return pd.DataFrame({"topic": list(texts), "statement": list(texts.values())})


def _learnt(study: Study) -> str:
    known = study.panel.rows[study.panel.labelled()]
    if known.empty:
        return "Nothing: no date has an outcome that is known by now."
    hit = known[known["outcome"] > 0]
    return (
        f"{len(known):,} account-dates of {known['account_id'].nunique():,} accounts, "
        f"{known['as_of'].nunique()} dates from {known['as_of'].min():%Y-%m-%d} to "
        f"{known['as_of'].max():%Y-%m-%d}; {hit['account_id'].nunique():,} accounts "
        f"{NOUN[study.panel.target]}."
    )


def _inputs(study: Study) -> str:
    names = [item.theme for item in study.panel.inputs]
    if study.panel.target != "churned":
        return f"{len(names)} features: {', '.join(dict.fromkeys(names)) or 'none is available'}."
    table = indicator_table(study.panel.inputs)
    absent = table.loc[~table["available"], "indicator"].tolist()
    text = f"{len(names)} features of use, people, support, payment and surveys."
    if absent:
        text += f" Not available in this company's data: {', '.join(absent)}."
    return text


def _score(study: Study) -> str:
    usual = "" if study.fitted is None else f" Usual share: {study.fitted.base_rate:.1%}."
    if study.panel.target != "churned":
        return f"A probability with a 90% interval, shown only where the model has signal.{usual}"
    return (
        f"{CHURN_DIRECTION}. 30 is the company's usual risk, 70 stands for {HIGH_ODDS:.0f} times "
        "its odds; bands: 0 to 30 low, 31 to 70 medium, 71 to 100 high, after rounding half up."
        f"{usual}"
    )


def _verdict(study: Study) -> str:
    found = study.signal
    if not found.passed:
        return f"No scores: {found.reason}."
    return (
        f"Area under the curve {found.auc:.2f} ({found.auc_low:.2f} to {found.auc_high:.2f}; age "
        f"alone {found.auc_by_age:.2f}), average precision {found.average_precision:.2f} against "
        f"{found.base_rate:.2f} by lot, {found.n_positive} with the outcome, "
        f"p = {found.p_value:.3f}."
    )


def _groups(fairness: pd.DataFrame | None) -> str:
    if fairness is None or fairness.empty:
        return "not in this run, since no date could be judged."
    out = fairness[fairness["stands_out"] != ""]
    if out.empty:
        return (
            f"of {(fairness['grouping'] != 'everybody').sum()} groups none is found, or called in "
            "vain, more or less often than the others beyond chance."
        )
    told = [f"{row.group} ({row.grouping}) is {row.stands_out}" for row in out.itertuples()]
    return "; ".join(told) + " than the others beyond chance. Look at their accounts by hand."
