"""Which model scores: the one that has been in use, or the one learnt from newer data?

A model is kept for a quarter, so that a score that moves means an account that moved. Then a newer
one is judged beside it, on dates whose outcomes neither could have known, and takes its place if
its probabilities were the better ones. The model in use is handed from run to run as a file.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.audit.drift import earlier_run
from helpers.scores.backtest import MIN_POSITIVES
from helpers.scores.evaluate import draw_accounts
from helpers.scores.store import AlteredModelError, Stored, forget_model, read_model, write_model
from helpers.scores.study import Study

__all__ = ["CHAMPION_COLUMNS", "RETRAIN_AFTER_DAYS", "choose_model", "decide", "keep_model"]

RETRAIN_AFTER_DAYS = 91
NOTEBOOK, TABLE = "06_churn_model", "champion"
CHAMPION_COLUMNS = (
    *("model", "decision", "reason", "learnt_on", "age_days", "n", "n_positive"),
    *("loss_in_use", "loss_newer", "difference", "low", "high", "from_run", "sha256"),
)


@dataclass(frozen=True)
class _Compared:
    """Log loss of both models on the same rows, and the interval of the difference."""

    n: int
    n_positive: int
    loss_in_use: float
    loss_newer: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Newer less in use: below 0 the newer one is better."""
        return self.loss_newer - self.loss_in_use


def choose_model(
    run: Run, study: Study, *, n_draws: int = 500, seed: int = 0
) -> tuple[Study, pd.DataFrame]:
    """Take the model that is to score, by :func:`decide`, and leave it in the run's folder.

    Parameters
    ----------
    run : Run
        The newest published run of the company before it hands on the model in use.
    study : Study
        Of churn.
    n_draws, seed : int
        Of the interval of the comparison.
    """
    earlier = earlier_run(run, run.config())
    folder = None if earlier is None else earlier[0]
    chosen, decision = decide(study, folder, n_draws=n_draws, seed=seed)
    return chosen, keep_model(run, chosen, decision)


def decide(
    study: Study, earlier: Path | None, *, n_draws: int = 500, seed: int = 0
) -> tuple[Study, pd.DataFrame]:
    """Decide whether the model of the last run or the one just learnt scores.

    Parameters
    ----------
    study : Study
        Of churn.
    earlier : Path or None
        Folder of the newest published run before this one.
    n_draws, seed : int
        Of the interval of the comparison.

    Returns
    -------
    study : Study
        With the model that scores as ``fitted``.
    decision : DataFrame
        One row: ``model, decision`` (``none``, ``first``, ``kept``, ``replaced``), ``reason,
        learnt_on, age_days`` of the model that scores, and where a newer one was judged ``n,
        n_positive, loss_in_use, loss_newer, difference`` with ``low, high`` (log loss in nats;
        95 %, accounts drawn), ``from_run``. ``sha256`` is filled in by :func:`keep_model`.
    """
    if study.fitted is None:
        return study, _decision(study, "none", study.signal.reason)
    held, why = _in_use(earlier, study)
    if held is None:
        return study, _decision(study, "first" if why.startswith("no ") else "replaced", why)
    age = int((study.panel.newest - held.learnt_on).days)
    kept = replace(study, fitted=held.fitted)
    from_run = earlier.name if earlier is not None else ""
    if age < RETRAIN_AFTER_DAYS:
        why = f"in use for {age} of {RETRAIN_AFTER_DAYS} days"
        return kept, _decision(kept, "kept", why, held, from_run=from_run)
    found = _compare(study, held, n_draws=n_draws, seed=seed)
    if found.n_positive < MIN_POSITIVES:
        why = (
            f"a newer model could be judged on {found.n_positive} outcomes only, "
            f"needs {MIN_POSITIVES}"
        )
        return kept, _decision(kept, "kept", why, held, found, from_run=from_run)
    if found.difference < 0:
        why = "the newer model's probabilities were the better ones on later dates"
        return study, _decision(study, "replaced", why, None, found, from_run=from_run)
    why = "the newer model's probabilities were no better on later dates"
    return kept, _decision(kept, "kept", why, held, found, from_run=from_run)


def keep_model(run: Run, study: Study, decision: pd.DataFrame) -> pd.DataFrame:
    """Write the model that scores into the run's folder; return the decision with its digest.

    Without a model nothing is written, and one left by an interrupted run is removed.
    """
    if study.fitted is None:
        forget_model(run, study.model)
        return decision
    stored = Stored(
        name=study.model,
        target=study.panel.target,
        horizon_days=study.panel.horizon_days,
        learnt_on=pd.Timestamp(decision["learnt_on"].iloc[0]),
        inputs=_inputs(study),
        fitted=study.fitted,
    )
    return decision.assign(sha256=write_model(run, stored))


def _inputs(study: Study) -> tuple[tuple[str, str], ...]:
    return tuple((item.name, item.transform) for item in study.panel.inputs)


def _in_use(earlier: Path | None, study: Study) -> tuple[Stored | None, str]:
    """Return the model of the run before, or why it cannot be used."""
    table = None if earlier is None else earlier / "tables" / NOTEBOOK / f"{TABLE}.parquet"
    if earlier is None or table is None or not table.is_file():
        return None, "no earlier run has left a model"
    digest = pd.read_parquet(table, columns=["sha256"])["sha256"].iloc[0]
    if not digest:
        return None, "no model was in use in the run before"
    try:
        held = read_model(earlier, study.model, sha256=str(digest))
    except AlteredModelError as error:
        return None, f"{error}: a new one takes its place"
    if (held.target, held.horizon_days) != (study.panel.target, study.panel.horizon_days):
        return None, "the outcome or its horizon has been changed since"
    if held.inputs != _inputs(study):
        return None, "the inputs are not the same as before: a source came or went"
    if held.learnt_on > study.panel.newest:
        return None, "no model was in use yet at this date"
    return held, ""


def _compare(study: Study, held: Stored, *, n_draws: int, seed: int) -> _Compared:
    """Judge both on dates from the day on which the model in use was learnt.

    The newer side is what the back-test would have said there: it knew only what was known on
    each date, and never the account, while the model in use may have seen its earlier months.
    """
    if study.tested is None:
        return _Compared(0, 0, np.nan, np.nan, np.nan, np.nan)
    rows = study.tested.rows
    late = (rows["as_of"] >= held.learnt_on).to_numpy() & rows["probability"].notna().to_numpy()
    here = late & study.panel.labelled()
    outcome = study.panel.outcome[here]
    if not here.any():
        return _Compared(0, 0, np.nan, np.nan, np.nan, np.nan)
    newer = _loss(rows["probability"].to_numpy(float)[here], outcome)
    in_use = _loss(held.fitted.probability(study.panel.signals[here]), outcome)
    drawn = draw_accounts(rows.loc[here, "account_id"], n_draws=n_draws, seed=seed)
    gaps = drawn @ (newer - in_use) / np.maximum(drawn.sum(axis=1), 1)
    low, high = np.quantile(gaps, [0.025, 0.975])
    rarer = int(min(outcome.sum(), (1 - outcome).sum()))
    return _Compared(
        len(outcome), rarer, float(in_use.mean()), float(newer.mean()), float(low), float(high)
    )


def _loss(probability: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return -(outcome * np.log(p) + (1 - outcome) * np.log(1 - p))


def _decision(
    study: Study,
    decision: str,
    reason: str,
    held: Stored | None = None,
    found: _Compared | None = None,
    *,
    from_run: str = "",
) -> pd.DataFrame:
    learnt, age = None, np.nan
    if study.fitted is not None:
        learnt = study.panel.newest if held is None else held.learnt_on
        age = float((study.panel.newest - learnt).days)
    row = {
        "model": study.model,
        "decision": decision,
        "reason": reason,
        "learnt_on": learnt,
        "age_days": age,
        "n": found.n if found else 0,
        "n_positive": found.n_positive if found else 0,
        "loss_in_use": found.loss_in_use if found else np.nan,
        "loss_newer": found.loss_newer if found else np.nan,
        "difference": found.difference if found else np.nan,
        "low": found.low if found else np.nan,
        "high": found.high if found else np.nan,
        "from_run": from_run,
        "sha256": "",
    }
    table = pd.DataFrame([row], columns=list(CHAMPION_COLUMNS))
    losses = ["loss_in_use", "loss_newer", "difference", "low", "high"]
    table[[*losses, "age_days"]] = table[[*losses, "age_days"]].astype("float64").round(6)
    return table.astype({"learnt_on": "datetime64[us]"})
