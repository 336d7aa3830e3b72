"""Learn, judge and decide: everything between the feature table and a score one may use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.config import CompanyConfig
from helpers.scores.backtest import Backtest, Fitted, Learner, backtest, fit_final
from helpers.scores.beside import with_tickets_beside
from helpers.scores.challenger import tree_inputs, tree_learner
from helpers.scores.evaluate import Judged, dates_to_judge, evaluate, judged_rows
from helpers.scores.gates import Signal, check_leaks, enough_to_learn, leak_table, signal_gate
from helpers.scores.inputs import CHURN_INPUTS, Input
from helpers.scores.panel import Panel, build_panel
from helpers.scores.readings import predictive_columns, reading

__all__ = [
    "AGE",
    "CHALLENGER",
    "HEALTH",
    "LOGIN",
    "MODEL",
    "USE",
    "Rival",
    "Study",
    "churn_baselines",
    "churn_study",
    "study_outcome",
    "study_panel",
    "team_capacity",
]

MODEL, CHALLENGER = "churn model", "boosted trees"
HEALTH, AGE = "health score", "account age, youngest first"
LOGIN, USE = "days since last login", "days since last use"


@dataclass(frozen=True)
class Rival:
    """Another model: its learner, and its inputs if they are not those of the panel."""

    learner: Learner
    given: NDArray[np.float64] | None = None


EVALUATION_COLUMNS = (
    "model",
    "metric",
    "value",
    "low",
    "high",
    "split",
    "n",
    "n_positive",
    "k",
)


@dataclass(frozen=True, kw_only=True)
class Study:
    """What was learnt about one outcome, and whether it may be used.

    Parameters
    ----------
    panel : Panel
        Rows, inputs and outcomes.
    signal : Signal
        The verdict, with its reason.
    evaluation : DataFrame
        Models and baselines by metric and split; empty where nothing could be judged.
    leaks : DataFrame
        How well each feature alone tells the outcome.
    k : int
        Accounts the team can call at a date.
    model : str
        What the model is called in ``evaluation``.
    tested : Backtest or None
        Scores of the model at every date, as on the day.
    judged, rolling : Judged or None
        The newest dates with a known outcome; all dates that could be scored.
    fitted : Fitted or None
        The model that scores now; None without signal.
    """

    panel: Panel
    signal: Signal
    evaluation: pd.DataFrame
    leaks: pd.DataFrame
    k: int
    model: str
    tested: Backtest | None = None
    judged: Judged | None = None
    rolling: Judged | None = None
    fitted: Fitted | None = None


def team_capacity(features: pd.DataFrame, config: CompanyConfig) -> int:
    """Return how many accounts the team can call a week.

    Customer-success managers of live accounts on the newest date, times
    ``capacity.accounts_per_csm_per_week``; where none is recorded the team counts as one.
    """
    newest = features[features["as_of"] == features["as_of"].max()]
    names = newest["csm"].dropna() if "csm" in newest.columns else pd.Series(dtype="object")
    return max(int(names.nunique()), 1) * config.capacity.accounts_per_csm_per_week


def study_outcome(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    config: CompanyConfig,
    baselines: Mapping[str, pd.DataFrame],
    target: str = "churned",
    inputs: tuple[Input, ...] = CHURN_INPUTS,
    model: str = MODEL,
    challenger: bool = True,
    rivals: Mapping[str, Rival] | None = None,
    n_draws: int = 500,
    seed: int = 0,
) -> Study:
    """Back-test a model of one outcome, judge it against baselines, and fit it if it has signal.

    Parameters
    ----------
    features, labels, dictionary : DataFrame
        Tables of 02.
    config : CompanyConfig
        Thresholds and capacity.
    baselines : mapping of name to DataFrame
        Rankings to beat: ``account_id, as_of, value``, higher = more likely; see
        :func:`churn_baselines`.
    target : str
        ``churned`` or ``upgraded``.
    inputs : tuple of Input
        What the model may look at.
    model : str
        How to call it.
    challenger : bool
        Judge boosted trees on all features beside it, on the newest dates.
    rivals : mapping of name to Rival, optional
        Other models to judge beside it, on the newest dates.
    n_draws : int
        Bootstrap draws and shuffles.
    seed : int
        Of the draws.

    Returns
    -------
    Study
        Without a fitted model, and with a reason, if there is too little to learn from or no
        signal.

    Raises
    ------
    GateError
        If a single feature tells the outcome before it happens.
    """
    allowed = predictive_columns(features, dictionary)
    panel = build_panel(features, labels, inputs=inputs, target=target, allowed=allowed)
    leaks = leak_table(features[["account_id", "as_of", *allowed]], panel)
    check_leaks(leaks, limit=config.thresholds.leak_auc, target=target)
    others = dict(rivals or {})
    if challenger:
        others[CHALLENGER] = Rival(tree_learner(), tree_inputs(panel, features, dictionary))
    return study_panel(
        panel,
        baselines=baselines,
        rivals=others,
        leaks=leaks,
        k=team_capacity(features, config),
        min_positive=config.thresholds.min_churned_accounts,
        model=model,
        n_draws=n_draws,
        seed=seed,
    )


def study_panel(
    panel: Panel,
    *,
    baselines: Mapping[str, pd.DataFrame],
    leaks: pd.DataFrame,
    k: int,
    min_positive: int,
    model: str,
    rivals: Mapping[str, Rival] | None = None,
    as_ofs: Sequence[pd.Timestamp] | None = None,
    n_draws: int = 500,
    seed: int = 0,
) -> Study:
    """Back-test, judge and fit a model on rows that are ready; see :func:`study_outcome`.

    ``min_positive`` counts accounts with the outcome; ``as_ofs`` are the dates to score, by
    default all.
    """
    reason = enough_to_learn(panel, min_positive=min_positive)
    tested = None if reason else backtest(panel, as_ofs=as_ofs)
    dates = [] if tested is None else dates_to_judge(tested)
    if tested is None or not dates:
        verdict = Signal(passed=False, reason=reason or _no_date(tested))
        empty = pd.DataFrame(columns=list(EVALUATION_COLUMNS))
        return Study(
            panel=panel,
            signal=verdict,
            evaluation=empty,
            leaks=leaks,
            k=k,
            model=model,
            tested=tested,
        )
    given = {name: _aligned(panel, table) for name, table in baselines.items()}
    runs = {model: tested}
    for name, rival in (rivals or {}).items():
        runs[name] = backtest(panel, learner=rival.learner, given=rival.given, as_ofs=dates)
    judged = judged_rows(panel, runs, given, dates=dates, split="time")
    every = _scored_dates(panel, tested)
    rolling = judged_rows(panel, {model: tested}, given, dates=every, split="rolling")
    signal = signal_gate(judged, model, k=k, n_draws=n_draws, seed=seed)
    fitted, signal = _fit_if_useful(panel, signal)
    tables = [evaluate(part, k=k, n_draws=n_draws, seed=seed) for part in (judged, rolling)]
    return Study(
        panel=panel,
        signal=signal,
        evaluation=pd.concat(tables, ignore_index=True)[list(EVALUATION_COLUMNS)],
        leaks=leaks,
        k=k,
        model=model,
        tested=tested,
        judged=judged,
        rolling=rolling,
        fitted=fitted,
    )


def churn_study(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    health: pd.DataFrame,
    beside: pd.DataFrame | None = None,
    *,
    config: CompanyConfig,
    challenger: bool = True,
    n_draws: int = 500,
    seed: int = 0,
) -> Study:
    """Study churn: :func:`study_outcome` with the health score among the baselines.

    ``health`` comes from :func:`helpers.scores.health_scores`, ``beside`` is the table
    ``tickets_beside_use`` of 02.
    """
    baselines = churn_baselines(features, health)
    features, dictionary, more = with_tickets_beside(features, dictionary, beside)
    return study_outcome(
        features,
        labels,
        dictionary,
        config=config,
        baselines=baselines,
        inputs=(*CHURN_INPUTS, *more),
        challenger=challenger,
        n_draws=n_draws,
        seed=seed,
    )


def churn_baselines(features: pd.DataFrame, health: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what a team ranks by without a model: health, the last login, the account's age.

    Without a login role the last event takes its place, under a name of its own. Higher = more
    likely to churn.
    """
    quiet, days = LOGIN, reading(features, "days_since_last_login")
    if days.isna().all():
        quiet, days = USE, reading(features, "days_since_last_event")
    keys = ["account_id", "as_of"]
    return {
        HEALTH: health[keys].assign(value=-health["health_score"]),
        quiet: features[keys].assign(value=days),
        AGE: features[keys].assign(value=-reading(features, "age_days")),
    }


def _scored_dates(panel: Panel, tested: Backtest) -> list[pd.Timestamp]:
    scored = tested.rows["score"].notna().to_numpy() & panel.labelled()
    return sorted(pd.Timestamp(date) for date in tested.rows.loc[scored, "as_of"].unique())


def _fit_if_useful(panel: Panel, signal: Signal) -> tuple[Fitted | None, Signal]:
    """Fit the model of today; without a spread of probabilities there is no signal after all."""
    if not signal.passed:
        return None, signal
    fitted = fit_final(panel, panel.newest)
    if fitted.sigmoid.slope > 0 and len(fitted.linear.coefficients):
        return fitted, signal
    reason = "no usable signal: the model gives every account the same probability"
    return None, Signal(**{**vars(signal), "passed": False, "reason": reason})


def _no_date(tested: Backtest | None) -> str:
    last = "" if tested is None else str(tested.dates["reason"].iloc[-1])
    why = last or "its own outcomes are not known yet"
    return (
        "no date has both a known outcome and enough known outcomes before it "
        f"(the newest date: {why})"
    )


def _aligned(panel: Panel, table: pd.DataFrame) -> pd.Series:
    keys = ["account_id", "as_of"]
    rows = panel.rows[keys].merge(
        table[[*keys, "value"]], on=keys, how="left", validate="one_to_one"
    )
    return pd.to_numeric(rows["value"], errors="coerce").astype("float64")
