"""What the last runs said, and what happened: the only test nobody can prepare for.

A back-test replays the past by today's code. Here the tables that were published then are read
again, as they were, and held against who has left since.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.metrics import roc_auc

__all__ = ["HINDSIGHT_COLUMNS", "predicted_and_actual", "range_of_counts"]

NOTEBOOK = "06_churn_model"
HINDSIGHT_COLUMNS = (
    *("run_id", "as_of", "days", "horizon_days", "over", "band", "n", "expected", "low"),
    *("high", "left", "auc", "verdict"),
)
BANDS = ("high", "medium", "low")
LEVEL = 0.95


def predicted_and_actual(
    earlier: Sequence[tuple[Path, pd.Timestamp]],
    left: pd.DataFrame,
    accounts: pd.Series,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Hold the scores of earlier runs against who has left since.

    Parameters
    ----------
    earlier : sequence of (folder, as-of date)
        Published runs of the company, oldest first
        (:func:`helpers.audit.drift.earlier_runs`). Looked at are the newest whose horizon is
        over, and the newest of all, so far.
    left : DataFrame
        ``account_id, churned_at``: :func:`helpers.features.departures.departures`.
    accounts : Series
        Ids that may be looked at: not those that opted out since.
    as_of : Timestamp
        Of this run.

    Returns
    -------
    DataFrame
        One row a run and band, and ``all``: ``run_id, as_of`` (of that run), ``days`` gone by of
        ``horizon_days``, ``over``, ``n`` accounts, departures ``expected`` by then with the range
        ``low, high`` of counts that the probabilities allow in 95 of 100 cases, those that
        ``left``, the ``auc`` of the ranking (all), and ``verdict``: ``as expected``,
        ``more than expected``, ``fewer than expected``.

    Notes
    -----
    Within an unfinished horizon an account is expected to leave as if its hazard were constant.
    """
    chosen: dict[str, tuple[Path, pd.Timestamp, int]] = {}
    for folder, then in earlier:
        horizon = _horizon(folder)
        if horizon is None or not _scores(folder).is_file():
            continue
        over = (as_of - then).days >= horizon
        chosen["over" if over else "so far"] = (folder, then, horizon)
    tables = [
        _held_against(folder, then, horizon, left, accounts, as_of)
        for folder, then, horizon in chosen.values()
    ]
    if not tables:
        return pd.DataFrame(columns=list(HINDSIGHT_COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(HINDSIGHT_COLUMNS)]


def _scores(folder: Path) -> Path:
    return folder / "tables" / NOTEBOOK / "predictions.parquet"


def _horizon(folder: Path) -> int | None:
    """Return the horizon of a published run; None where it does not say."""
    try:
        settings = json.loads((folder / "settings.json").read_text("utf-8"))
        return int(settings["analysis"]["horizon_days"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _held_against(
    folder: Path,
    then: pd.Timestamp,
    horizon: int,
    left: pd.DataFrame,
    accounts: pd.Series,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    said = pd.read_parquet(
        _scores(folder), columns=["account_id", "churn_probability", "churn_band"]
    )
    said = said[said["churn_probability"].notna() & said["account_id"].isin(accounts)]
    days = min((as_of - then).days, horizon)
    end = then + pd.Timedelta(days=days)
    gone = left.loc[(left["churned_at"] >= then) & (left["churned_at"] < end), "account_id"]
    chance = said["churn_probability"].to_numpy(float)
    by_now = 1 - (1 - chance) ** (days / horizon)
    hit = said["account_id"].isin(gone).to_numpy(bool)
    bands = said["churn_band"].to_numpy(object)
    rows = []
    for band in ("all", *BANDS):
        here = np.ones(len(said), bool) if band == "all" else bands == band
        low, high = range_of_counts(by_now[here])
        n_left = int(hit[here].sum())
        over_said = n_left > high
        verdict = "more" if over_said else "fewer" if n_left < low else ""
        rows.append(
            {
                "run_id": folder.name,
                "as_of": then,
                "days": days,
                "horizon_days": horizon,
                "over": days == horizon,
                "band": band,
                "n": int(here.sum()),
                "expected": round(float(by_now[here].sum()), 4),
                "low": low,
                "high": high,
                "left": n_left,
                "auc": round(roc_auc(hit.astype(float), chance), 6) if band == "all" else np.nan,
                "verdict": f"{verdict} than expected" if verdict else "as expected",
            }
        )
    return pd.DataFrame(rows, columns=list(HINDSIGHT_COLUMNS))


def range_of_counts(chances: NDArray[np.float64]) -> tuple[int, int]:
    """Return the counts between which the sum of such tries lies in at least 95 of 100 cases.

    The exact distribution of a sum of independent tries with different chances (Poisson binomial),
    by adding one try after the other.

    References
    ----------
    Hong (2013), *Computational Statistics & Data Analysis* 59, 41-51.
    """
    weights = np.ones(1)
    for chance in chances:
        weights = np.r_[weights * (1 - chance), 0.0] + np.r_[0.0, weights * chance]
    total = np.cumsum(weights)
    tail = (1 - LEVEL) / 2
    low = int(np.searchsorted(total, tail + 1e-12, side="right"))
    high = int(np.searchsorted(total, 1 - tail - 1e-12, side="left"))
    return min(low, len(chances)), min(high, len(chances))
