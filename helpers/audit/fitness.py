"""For which analysis the data are fit: the first screen of the audit."""

from dataclasses import dataclass, field

import pandas as pd

from helpers.audit.tables import Views
from helpers.config import CompanyConfig

__all__ = ["VERDICTS", "judge_fitness"]

VERDICTS = ("fit", "fit with warnings", "not fit")
MIN_BASELINE_DAYS = 60


@dataclass
class _Judgement:
    analysis: str
    notebook: str
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def row(self) -> dict[str, str]:
        verdict = VERDICTS[2] if self.refusals else VERDICTS[1] if self.warnings else VERDICTS[0]
        because = "; ".join(self.refusals or self.warnings) or "nothing found against it"
        return {
            "analysis": self.analysis,
            "verdict": verdict,
            "because": because,
            "notebook": self.notebook,
        }


def judge_fitness(
    views: Views, issues: pd.DataFrame, fresh: pd.DataFrame, config: CompanyConfig
) -> pd.DataFrame:
    """Say for each analysis: fit, fit with warnings or not fit, and because of what.

    Parameters
    ----------
    views : Views
        The clean tables.
    issues : DataFrame
        From :func:`helpers.audit.issues.find_issues`.
    fresh : DataFrame
        From :func:`helpers.audit.timeliness.freshness`.
    config : CompanyConfig
        Its thresholds say how much is enough.

    Returns
    -------
    DataFrame
        ``analysis``, ``verdict``, ``because``, ``notebook``; one row an analysis.
    """
    clock = fresh[fresh["table"] == views.clock]
    months = float(clock["months"].iloc[0]) if len(clock) else 0.0
    days = months * 30.44
    misdated = _share(issues, "events", "dated before")
    judgements = [
        _features(views, misdated),
        _segments(views, config, misdated),
        _patterns(views, config),
        _anomalies(views, days, misdated),
        _churn(views, issues, days, config),
        _expansion(views),
    ]
    return pd.DataFrame([judgement.row() for judgement in judgements])


def _share(issues: pd.DataFrame, table: str, text: str) -> float:
    found = issues[(issues["table"] == table) & issues["rule"].str.contains(text, regex=False)]
    return float(found["share"].max()) if len(found) else 0.0


def _features(views: Views, misdated: float) -> _Judgement:
    result = _Judgement("features", "02_feature_engineering")
    if not views.n_rows(views.clock):
        result.refusals.append("no usable event" if views.clock == "events" else "no measure")
    elif views.clock == "measures":
        result.warnings.append("no events: what the measures do not tell is empty")
    if misdated > 0.01:
        result.warnings.append(f"{misdated:.0%} of events carry a date that cannot be right")
    absent = [t for t in ("users", "tickets", "invoices", "surveys") if t not in views.present]
    if absent:
        result.warnings.append(f"no {', '.join(absent)}: their features are null")
    return result


def _segments(views: Views, config: CompanyConfig, misdated: float) -> _Judgement:
    result = _Judgement("segmentation", "03_segmentation")
    needed, n_accounts = config.thresholds.min_accounts, views.n_rows("accounts")
    if n_accounts < needed:
        result.refusals.append(f"{n_accounts} accounts; at least {needed} are needed")
    if views.clock == "measures":
        result.warnings.append("no events: segments rest on the measures alone")
    if misdated > 0.2:
        result.warnings.append("recency and trend rest on dates that cannot be right")
    return result


def _patterns(views: Views, config: CompanyConfig) -> _Judgement:
    result = _Judgement("sequences and rules", "04_sequence_association_mining")
    if views.clock == "measures":
        result.refusals.append("no events: there is no order in which things were done")
    if not views.has("events", "user_id"):
        result.warnings.append("events name no user: journeys are per account")
    if not config.roles.signup:
        result.warnings.append("no sign-up event: journeys begin with the first event seen")
    if not views.has("outcomes"):
        result.warnings.append("no outcomes: patterns are shown without outcome rates")
    return result


def _anomalies(views: Views, days: float, misdated: float) -> _Judgement:
    result = _Judgement("anomaly review", "05_anomaly_review")
    if views.clock == "measures":
        result.refusals.append("no events: a baseline is learnt from daily use")
    elif days < MIN_BASELINE_DAYS:
        result.refusals.append(
            f"{days:.0f} days of history; a baseline needs {MIN_BASELINE_DAYS} or more"
        )
    if misdated > 0.2:
        result.warnings.append("a drop may be an error of dates")
    return result


def _churn(views: Views, issues: pd.DataFrame, days: float, config: CompanyConfig) -> _Judgement:
    result = _Judgement("churn model", "06_churn_model")
    analysis, needed = config.analysis, config.thresholds.min_churned_accounts
    history = min(analysis.windows_days) + analysis.horizon_days
    if days < history:
        result.refusals.append(f"{days:.0f} days of history; window and horizon need {history}")
    if views.has("outcomes"):
        n_churned = int(
            views.frame(
                "SELECT COUNT(DISTINCT account_id) AS n FROM outcomes WHERE outcome = 'churned'"
            )["n"].iloc[0]
        )
        if n_churned < needed:
            result.refusals.append(f"{n_churned} churned accounts; at least {needed} are needed")
    elif analysis.churn_after_silent_days is None:
        result.refusals.append("no outcomes, and churn_after_silent_days is not set")
    else:
        result.warnings.append(
            f"churn is not recorded: inactivity for {analysis.churn_after_silent_days} days "
            "stands for it"
        )
    contradictions = issues[(issues["column"] == "claimed_churned") & (issues["n_rows"] > 0)]
    if len(contradictions):
        n_rows = int(contradictions["n_rows"].sum())
        result.warnings.append(f"{n_rows} accounts whose churn labels contradict each other")
    return result


def _expansion(views: Views) -> _Judgement:
    result = _Judgement("expansion signals", "06_churn_model")
    if not views.has("usage_levels"):
        result.warnings.append("no usage_levels: limits cannot be watched")
    if not views.has("outcomes"):
        result.warnings.append("no outcomes: upgrades are unknown")
    return result
