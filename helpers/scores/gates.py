"""When a model must not be used: it knows the answer already, or it knows nothing.

The leak gate stops the run: an input that alone tells churned accounts from others almost
perfectly was written down after the fact. The signal gate lets the run go on without scores.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import GateError
from helpers.scores.evaluate import Judged, draw_accounts, measure
from helpers.scores.metrics import roc_auc
from helpers.scores.panel import Panel

__all__ = ["SIGNAL_RULE", "Signal", "check_leaks", "enough_to_learn", "leak_table", "signal_gate"]

MIN_LEAK_POSITIVES = 20
"""With fewer positives an area under the curve of 0.95 happens by chance among many features."""
ALPHA = 0.05
PEERS = 10
"""Outcomes are shuffled among so many accounts of about the same age."""
SIGNAL_RULE = (
    "A model has signal if, on the newest dates with a known outcome, the 95% interval of its "
    "area under the curve (AUC) lies above 0.5, and if outcomes shuffled among accounts of the "
    "same date and about the same age reach its AUC, and its average precision, in less than 5% "
    "of tries each. The age of an account alone is no signal: nobody needs a model for it."
)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """Whether the scores may be used.

    Parameters
    ----------
    passed : bool
        Scores are written and exported.
    reason : str
        Why not; empty if passed.
    auc, auc_low, auc_high : float
        On the judged dates; NaN where nothing could be judged.
    auc_by_age : float
        What the model reaches on average when outcomes are shuffled among accounts of the same
        age: the part of ``auc`` that age explains.
    average_precision, base_rate : float
        On the judged dates.
    p_value : float
        Share of shuffles that do as well, by the measure that has more of them.
    n_positive : int
        Accounts with the outcome on the judged dates.
    """

    passed: bool
    reason: str
    auc: float = float("nan")
    auc_low: float = float("nan")
    auc_high: float = float("nan")
    auc_by_age: float = float("nan")
    average_precision: float = float("nan")
    base_rate: float = float("nan")
    p_value: float = float("nan")
    n_positive: int = 0


def leak_table(features: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return how well each feature alone, or its being missing, tells the outcome.

    Parameters
    ----------
    features : DataFrame
        Feature table of 02; every numeric and boolean column is looked at, whether or not
        the model uses it.
    panel : Panel
        Outcomes.

    Returns
    -------
    DataFrame
        ``feature, by`` (value, missing, or future: a date that lies on ``as_of`` or after it),
        ``auc`` (0.5 to 1, either direction; 1 for a date of the future), ``n_positive`` (of such
        dates: rows); the most telling first.
    """
    known = panel.rows.loc[panel.labelled(), ["account_id", "as_of", "outcome"]]
    rows = known.merge(features, on=["account_id", "as_of"], how="left", validate="one_to_one")
    outcome = rows["outcome"].to_numpy(float)
    found = []
    for name in features.columns:
        column = rows[name]
        if name in ("account_id", "as_of", "is_live"):
            continue
        missing = column.isna().to_numpy()
        if pd.api.types.is_datetime64_any_dtype(column):
            ahead = int((_naive(column) >= rows["as_of"]).sum())
            if ahead:
                found.append((name, "future", 1.0, ahead))
        if missing.any() and not missing.all():
            found.append(
                (name, "missing", _strength(outcome, missing.astype(float)), outcome.sum())
            )
        if pd.api.types.is_numeric_dtype(column) and not missing.all():
            there = ~missing
            values = column[there].astype("float64").to_numpy()
            hits = outcome[there].sum()
            found.append((name, "value", _strength(outcome[there], values), hits))
    table = pd.DataFrame(found, columns=["feature", "by", "auc", "n_positive"])
    table["auc"] = table["auc"].round(6)
    return table.sort_values(
        ["auc", "feature", "by"], ascending=[False, True, True], ignore_index=True
    )


def _naive(moments: pd.Series) -> pd.Series:
    """Return moments without a zone, to be compared with dates."""
    return moments.dt.tz_convert("UTC").dt.tz_localize(None) if moments.dt.tz else moments


def _strength(outcome: np.ndarray, values: np.ndarray) -> float:
    auc = roc_auc(outcome, values)
    return max(auc, 1 - auc) if np.isfinite(auc) else 0.5


def check_leaks(leaks: pd.DataFrame, *, limit: float, target: str = "churned") -> None:
    """Stop if a single feature tells the outcome too well.

    Parameters
    ----------
    leaks : DataFrame
        From :func:`leak_table`.
    limit : float
        Area under the curve above which a feature leaks (``thresholds.leak_auc``).
    target : str
        For the message.

    Raises
    ------
    GateError
        Listing the features. Fewer than 20 positives prove nothing and pass; a date of the
        future is proof by itself.
    """
    enough = (leaks["n_positive"] >= MIN_LEAK_POSITIVES) | (leaks["by"] == "future")
    guilty = leaks[(leaks["auc"] > limit) & enough]
    if guilty.empty:
        return
    lines = [
        f"  {row.feature}: dated on as_of or after it in {row.n_positive:.0f} rows"
        if row.by == "future"
        else f"  {row.feature}: {'being missing' if row.by == 'missing' else 'its value'} alone "
        f"tells {target!r} with an area under the curve of {row.auc:.3f} "
        f"({row.n_positive:.0f} accounts)"
        for row in guilty.itertuples()
    ]
    n = guilty["feature"].nunique()
    raise GateError(
        f"{n} features know the outcome before it happens (limit {limit}):\n"
        + "\n".join(lines)
        + "\nExpected: features written down before as_of. Take their source columns out of the "
        "mapping, or correct the time they became known; see the feature dictionary of "
        "notebooks/02_feature_engineering.ipynb."
    )


def enough_to_learn(panel: Panel, *, min_positive: int) -> str:
    """Return why no model can be learnt from the panel; empty if one can.

    ``min_positive`` counts accounts with the outcome (``thresholds.min_churned_accounts``).
    """
    known = panel.rows[panel.labelled()]
    verb = panel.target
    if known.empty:
        return "no date has an outcome that is known by now: the history is too short"
    by_account = known.groupby("account_id")["outcome"]
    never = by_account.min() if panel.repeats else by_account.max()
    n_positive, n_negative = int(by_account.max().sum()), int((never == 0).sum())
    if not n_positive:
        return f"one class only: no account {verb} in the labelled history"
    if not n_negative:
        return f"one class only: every account {verb} in the labelled history"
    if n_positive < min_positive:
        return f"too few: {n_positive} accounts {verb}, a model needs {min_positive}"
    if n_negative < min_positive:
        return f"too few: {n_negative} accounts never {verb}, a model needs {min_positive}"
    if not panel.inputs:
        return "none of the model's inputs is in the feature table"
    return ""


def signal_gate(judged: Judged, model: str, *, k: int, n_draws: int = 500, seed: int = 0) -> Signal:
    """Decide whether a model's scores may be used; the rule is :data:`SIGNAL_RULE`.

    Parameters
    ----------
    judged : Judged
        The newest dates with a known outcome.
    model : str
        Which of them.
    k : int
        Accounts the team can call.
    n_draws : int
        Draws of accounts for the interval, and shuffles of the outcomes within each date.
    seed : int
        Of both.
    """
    outcome = judged.rows["outcome"].to_numpy(float)
    if not len(outcome) or outcome.min() == outcome.max():
        return Signal(
            passed=False,
            reason="no date has both outcomes among the accounts it could be judged on",
        )
    score, chances = judged.scores[model], judged.probabilities[model]
    drawn = draw_accounts(judged.rows["account_id"], n_draws=n_draws, seed=seed)
    aucs = measure(judged, score, chances, drawn * outcome, drawn, k=k)["roc_auc"].dropna()
    shuffles = _shuffled_outcomes(judged, n_draws, seed)
    tried = np.vstack([outcome[None, :], shuffles])
    found = measure(judged, score, chances, tried, np.ones_like(tried), k=k)
    real, null = found.iloc[0], found.iloc[1:]
    as_good = {
        name: (1 + int((null[name] >= real[name] - 1e-12).sum())) / (1 + len(null))
        for name in ("roc_auc", "average_precision")
    }
    low, high = float(aucs.quantile(0.025)), float(aucs.quantile(0.975))
    by_age, p_value = float(null["roc_auc"].mean()), max(as_good.values())
    return Signal(
        passed=bool(low > 0.5 and p_value < ALPHA),
        reason=_why(low, high, float(real["roc_auc"]), by_age, p_value),
        auc=round(float(real["roc_auc"]), 6),
        auc_low=round(low, 6),
        auc_high=round(high, 6),
        auc_by_age=round(by_age, 6),
        average_precision=round(float(real["average_precision"]), 6),
        base_rate=round(float(outcome.mean()), 6),
        p_value=round(p_value, 6),
        n_positive=int(outcome.sum()),
    )


def _shuffled_outcomes(judged: Judged, n: int, seed: int) -> np.ndarray:
    """Shuffle outcomes among the accounts of each date, ten of about the same age at a time."""
    rng = np.random.default_rng(seed)
    rows = judged.rows.reset_index(drop=True)
    shuffled = np.tile(rows["outcome"].to_numpy(float), (n, 1))
    ordered = rows.sort_values(["as_of", "age_days"], kind="stable")
    for _, there in ordered.groupby("as_of", sort=True):
        by_age = there["age_days"].notna().any()
        n_groups = max(len(there) // PEERS, 1) if by_age else 1
        for here in np.array_split(there.index.to_numpy(), n_groups):
            shuffled[:, here] = rng.permuted(shuffled[:, here], axis=1)
    return shuffled


def _why(low: float, high: float, auc: float, by_age: float, p_value: float) -> str:
    problems = []
    if not low > 0.5:
        problems.append(
            f"its area under the curve is {auc:.2f}, 95% interval {low:.2f} to {high:.2f}, which "
            "drawing lots may well explain"
        )
    if not p_value < ALPHA:
        problems.append(
            f"outcomes shuffled among accounts of the same age do as well in {p_value:.0%} of "
            f"tries: its area under the curve is {auc:.2f}, theirs {by_age:.2f} on average"
        )
    return "no usable signal: " + " and ".join(problems) if problems else ""
