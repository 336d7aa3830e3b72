"""What the churn notebook shows beside its scores: views, the headline, and what is missing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from helpers.scores.card import model_card
from helpers.scores.disagreement import VIEWS
from helpers.scores.evaluate import BASE_RATE
from helpers.scores.health import component_table
from helpers.scores.inputs import indicator_table
from helpers.scores.lead_time import LeadTimes
from helpers.scores.opportunity import part_table
from helpers.scores.study import HEALTH, Study
from helpers.scores.tables import judged_tables as tables
from helpers.scores.tables import second_looks

__all__ = [
    "apart",
    "caveats",
    "compared",
    "comparison",
    "component_table",
    "early",
    "facts",
    "gaps",
    "headline",
    "indicators",
    "model_card",
    "part_table",
    "parted_before",
    "second_looks",
    "served",
    "tables",
    "top_risks",
]

SHOWN = ("roc_auc", "average_precision", "capture_at_k", "precision_at_k", "lift_at_k", "brier")
WITH_SIGNAL = (
    "{n_high:,} of {n_accounts:,} live accounts ({mrr_high:,.0f} {currency} a month) have a high "
    "churn score. In the back-test the first {k} accounts of the list held {capture:.0%} of those "
    "who left within {horizon_days} days ({capture_low:.0%} to {capture_high:.0%}); by health "
    "score {capture_health:.0%}, by lot {capture_lot:.0%}. With equally many warnings the model "
    "named {named:.0%} of the {n_left} who left, at the median {lead:.1f} weeks ahead "
    "({lead_low:.1f} to {lead_high:.1f}); alerts {named_alerts:.0%}, {lead_alerts:.1f} weeks; the "
    "health score {named_health:.0%}, {lead_health:.1f} weeks."
)
WITHOUT_SIGNAL = (
    "No churn score is given for the {n_accounts:,} live accounts ({reason}). The {n_actions:,} "
    "next actions rest on health, alerts, lifecycle and opportunities."
)


def headline(study: Study) -> str:
    """Return the template of the headline: with scores, or why there are none."""
    return WITH_SIGNAL if study.signal.passed else WITHOUT_SIGNAL


def facts(
    study: Study,
    upgrades: Study,
    leads: LeadTimes,
    predictions: pd.DataFrame,
    mrr: pd.Series,
) -> dict[str, Any]:
    """Return the numbers of the headline and others worth keeping, rounded.

    Parameters
    ----------
    study, upgrades : Study
        Of churn and of upgrades.
    leads : LeadTimes
        From :func:`helpers.scores.measure_lead_time`.
    predictions : DataFrame
        Of the newest date.
    mrr : Series
        Monthly revenue by account.
    """
    high = predictions.loc[predictions["churn_band"].eq("high"), "account_id"]
    known = study.panel.outcome[study.panel.labelled()]
    values: dict[str, Any] = {
        "n_accounts": len(predictions),
        "n_high": len(high),
        "mrr_high": round(float(mrr.reindex(high.to_numpy()).sum(min_count=1)), 2),
        "base_rate": float(np.round(known.mean(), 6)) if len(known) else float("nan"),
        "reason": study.signal.reason,
        "k": study.k,
        "horizon_days": study.panel.horizon_days,
        "upgrade_signal": int(upgrades.signal.passed),
        "upgrade_auc": upgrades.signal.auc,
        "p_value": study.signal.p_value,
        "n_churned_judged": study.signal.n_positive,
    }
    for name, model in (("", study.model), ("_health", HEALTH), ("_lot", BASE_RATE)):
        for metric, short in (("capture_at_k", "capture"), ("roc_auc", "auc")):
            row = _row(study.evaluation, model, metric)
            values[f"{short}{name}"] = row["value"]
            values |= {f"{short}{name}_{end}": row[end] for end in ("low", "high")}
    for name, method in (("", "model"), ("_health", "health"), ("_alerts", "anomaly")):
        mine = leads.summary[leads.summary["method"] == method].iloc[0]
        values[f"named{name}"] = float(mine["share_flagged"])
        values[f"lead{name}"] = float(mine["median_weeks"])
        values[f"lead{name}_low"] = float(mine["median_low"])
        values[f"lead{name}_high"] = float(mine["median_high"])
    values["n_left"] = len(leads.departures)
    return values


def _row(evaluation: pd.DataFrame, model: str, metric: str) -> dict[str, float]:
    """Return value, low and high over all dates that could be judged; NaN if there are none."""
    wanted = evaluation[
        (evaluation["model"] == model)
        & (evaluation["metric"] == metric)
        & (evaluation["split"] == "rolling")
    ]
    names = ("value", "low", "high")
    if wanted.empty:
        return dict.fromkeys(names, float("nan"))
    return {name: float(wanted[name].iloc[0]) for name in names}


MEASURES = {
    "roc_auc": "area under the curve",
    "capture_at_k": "found",
    "precision_at_k": "right",
    "lift_at_k": "lift",
    "brier": "Brier score",
}
"""What people call the measures of the comparison."""
PROBABILITIES = ("churn_probability", "probability_low", "probability_high")
RISKS: dict[str, Any] = {
    "limit": 8,
    "formats": dict.fromkeys(PROBABILITIES, "percent0"),
    "headings": {"probability_low": "at least (90%)", "probability_high": "at most (90%)"},
    "bars": ["churn_probability"],
}
APART: dict[str, Any] = {
    "limit": 8,
    "formats": {"mrr": "money"},
    "because": "no view of an account is worried where another is calm",
}
"""How the tables of risks and of views that part are shown."""


def served(fairness: pd.DataFrame) -> pd.DataFrame:
    """Return the fairness table for people: each share as "value (low to high)"."""

    def text(name: str) -> list[str]:
        columns = zip(*(fairness[f"{name}{end}"] for end in ("", "_low", "_high")), strict=True)
        return [
            f"{a:.0%} ({b:.0%}\u00a0to\u00a0{c:.0%})" if pd.notna(a) else "–" for a, b, c in columns
        ]

    if fairness.empty:
        return pd.DataFrame(columns=["group"])
    return pd.DataFrame(
        {
            "by": fairness["grouping"],
            "group": fairness["group"],
            "account-dates": fairness["n"],
            "churned": fairness["n_churned"],
            "churned, found": text("capture"),
            "stayed, called": text("false_alarm"),
            "beyond chance": fairness["stands_out"].replace("", "–"),
        }
    )


def comparison(study: Study, *, split: str = "time") -> pd.DataFrame:
    """Return the evaluation for people: one row a model, each measure as "value (low to high)"."""
    return compared(study.evaluation, split=split)


def compared(evaluation: pd.DataFrame, *, split: str = "time") -> pd.DataFrame:
    """Return an evaluation of one outcome for people; see :func:`comparison`."""
    table = evaluation[(evaluation["split"] == split) & evaluation["metric"].isin(SHOWN)]
    if table.empty:
        return pd.DataFrame(columns=["model", *SHOWN])
    texts = table.assign(
        text=[
            f"{value:.2f} ({low:.2f}\u00a0to\u00a0{high:.2f})"
            for value, low, high in zip(table["value"], table["low"], table["high"], strict=True)
        ]
    )
    wide = texts.pivot_table(index="model", columns="metric", values="text", aggfunc="first")
    order = list(dict.fromkeys(table["model"]))
    return wide.reindex(index=order, columns=list(SHOWN)).reset_index()


_METHODS = {"model": "churn model", "anomaly": "alerts", "health": "health score"}


def early(leads: LeadTimes) -> pd.DataFrame:
    """Return the comparison of warnings for people: each measure as "value (low to high)"."""
    found = leads.summary

    def text(middle: str, low: str, high: str, form: str) -> list[str]:
        columns = zip(found[middle], found[low], found[high], strict=True)
        return [
            f"{a:{form}} ({b:{form}}\u00a0to\u00a0{c:{form}})" if pd.notna(a) else "–"
            for a, b, c in columns
        ]

    return pd.DataFrame(
        {
            "method": found["method"].replace(_METHODS),
            "warnings a date": found["flags_per_date"].round(),
            "who left": found["n_churned"],
            "named before": text("share_flagged", "share_low", "share_high", ".0%"),
            "median weeks, of those named": text(
                "median_weeks", "median_low", "median_high", ".1f"
            ),
            "mean weeks, of all": text("mean_weeks", "mean_low", "mean_high", ".1f"),
            "gain over health": [
                "–" if name == "health" else gain
                for name, gain in zip(
                    found["method"],
                    text("gain_weeks", "gain_low", "gain_high", "+.1f"),
                    strict=True,
                )
            ],
        }
    )


def top_risks(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of the predictions, most likely to churn first."""
    names = ["account_id", "churn_score", "churn_band", "churn_probability"]
    names += ["probability_low", "probability_high", "drivers"]
    return predictions.loc[predictions["churn_score"].notna(), names]


def apart(found: pd.DataFrame) -> pd.DataFrame:
    """Return the disagreement report for people."""
    return found[["account_id", *VIEWS, "mrr"]].fillna(dict.fromkeys(VIEWS, "–"))


def parted_before(past: pd.DataFrame) -> str:
    """Say in a sentence what followed where health and churn model had parted."""
    if past.empty:
        return "Without scores there is nothing to compare with the health score."
    told = [
        f"health {row.health}, churn model {row.churn}: {row.n_churned} of {row.n} left "
        f"({row.share:.0%}, {row.low:.0%} to {row.high:.0%})"
        for row in past.itertuples()
    ]
    return "At earlier dates, " + "; ".join(told) + "."


def caveats(
    study: Study, leads: LeadTimes, tables: Mapping[str, pd.DataFrame] | None = None
) -> tuple[str, ...]:
    """Return what a reader must know before acting on the scores.

    ``tables`` are those of the run: ``champion`` and ``past_disagreement`` are told.
    """
    notes = ["Scores order attention. What goes with churn in the past need not bring it about."]
    gain = leads.summary[leads.summary["method"] == "model"].iloc[0]
    if study.signal.passed:
        if pd.notna(gain["gain_weeks"]):
            notes.append(
                "Weeks of warning gained over the health score, on average over all who left: "
                f"{gain['gain_weeks']:+.1f} ({gain['gain_low']:+.1f} to {gain['gain_high']:+.1f})."
            )
        notes.append(
            f"{study.signal.n_positive} accounts left on the newest dates that could be judged; "
            f"p = {study.signal.p_value:.3f} against outcomes shuffled among accounts of one age."
        )
    if study.signal.passed and tables is not None:
        row = tables["champion"].iloc[0]
        notes.append(
            f"The model that scores was learnt on {row['learnt_on']:%Y-%m-%d} "
            f"({row['decision']}: {row['reason']})."
        )
        notes.append(parted_before(tables["past_disagreement"]))
    notes.append("Money is what is at stake in a year, not what an action brings.")
    return tuple(notes)


def indicators(study: Study) -> pd.DataFrame:
    """Return the seven leading indicators of churn and what stands for each."""
    return indicator_table(study.panel.inputs)


def gaps(
    study: Study,
    health: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
    outcomes: pd.DataFrame | None,
) -> tuple[str, ...]:
    """Return what could not be computed, and for want of what."""
    absent = indicators(study)
    told = [
        f"{name}: not looked at, because no source tells of it"
        for name in absent.loc[~absent["available"], "indicator"]
    ]
    newest = health[health["as_of"] == health["as_of"].max()]
    for name in component_table()["component"]:
        if newest[name].isna().all():
            text = str(name).replace("_", " ")
            told.append(f"health, {text}: not computed, because no source tells of it")
    if weekly_flags is None:
        told.append("lead time of alerts: not computed, because there is no `weekly_flags` table")
    if outcomes is None:
        told.append("departures: taken from the labels, because there is no `outcomes` table")
    return tuple(told)
