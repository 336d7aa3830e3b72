"""Three looks behind the measures: are probabilities right, who is found, and is it fair?

All are made from judged rows (known outcome, scored as on the day), so each has its table.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.scores.evaluate import Judged
from helpers.stats import wilson

__all__ = ["calibration_table", "fairness_table", "gains_table"]

CALIBRATION_COLUMNS = ("bin", "n", "n_positive", "predicted", "observed", "low", "high")
GAINS_COLUMNS = ("model", "share_called", "share_found", "at_capacity")
FAIRNESS_COLUMNS = (
    *("grouping", "group", "n", "n_churned"),
    *("capture", "capture_low", "capture_high"),
    *("false_alarm", "false_alarm_low", "false_alarm_high"),
)
MIN_BIN = 15
SIZE_EDGES = (0.0, 50.0, 250.0, np.inf)
SIZE_NAMES = ("below 50 employees", "50 to 249 employees", "250 employees and more")


def calibration_table(judged: Judged | None, model: str, *, n_bins: int = 8) -> pd.DataFrame:
    """Compare predicted with observed shares in groups of equal size.

    Parameters
    ----------
    judged : Judged
        Rows to look at.
    model : str
        Which model.
    n_bins : int
        Groups at most; fewer where they would hold less than 15 rows. Rows with the same
        probability are never split.

    Returns
    -------
    DataFrame
        ``bin, n, n_positive, predicted, observed, low, high`` (95 %, Wilson); lowest first.
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(CALIBRATION_COLUMNS))
    probability = judged.probabilities[model]
    outcome = judged.rows["outcome"].to_numpy(float)
    n_bins = max(1, min(n_bins, len(probability) // MIN_BIN))
    order = np.argsort(probability, kind="stable")
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    rows = pd.DataFrame({"p": probability, "hit": outcome, "bin": place * n_bins // len(order)})
    rows["bin"] = rows.groupby("p")["bin"].transform("min")
    table = rows.groupby("bin", as_index=False).agg(
        n=("hit", "size"), n_positive=("hit", "sum"), predicted=("p", "mean")
    )
    table["bin"] = np.arange(1, len(table) + 1)
    table["observed"] = table["n_positive"] / table["n"]
    table["low"], table["high"] = wilson(table["n_positive"], table["n"])
    return table.astype({"n_positive": "int64"}).round(6)


def gains_table(judged: Judged | None, models: Sequence[str], *, k: int) -> pd.DataFrame:
    """Return which share of those who churned is among the first accounts of each ranking.

    Parameters
    ----------
    judged : Judged
        Rows to look at; each date is ranked by itself and the dates are averaged.
    models : sequence of str
        Rankings to compare; those not judged are left out.
    k : int
        Accounts the team can call; marked in ``at_capacity``.

    Returns
    -------
    DataFrame
        ``model, share_called, share_found, at_capacity``, for 0 to 100 % in steps of 2 % and at
        the capacity. Equal scores count as if drawn by lot, so a random order is the diagonal.
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(GAINS_COLUMNS))
    per_date = judged.rows.groupby("as_of")["outcome"].size().mean()
    limit = round(float(min(k / per_date, 1.0)), 6)
    shares = np.unique(np.r_[np.round(np.arange(0, 1.0001, 0.02), 6), limit])
    tables = [
        pd.DataFrame(
            {
                "model": model,
                "share_called": shares,
                "share_found": _found(judged, judged.scores[model], shares, limit, k).round(6),
                "at_capacity": shares == limit,
            }
        )
        for model in models
        if model in judged.scores
    ]
    return pd.concat(tables, ignore_index=True)


def _found(
    judged: Judged,
    score: NDArray[np.float64],
    shares: NDArray[np.float64],
    limit: float,
    k: int,
) -> NDArray[np.float64]:
    """Average over dates what is found; at ``limit`` exactly the first ``k`` of each date."""
    dates = judged.rows["as_of"].to_numpy()
    outcome = judged.rows["outcome"].to_numpy(float)
    total, weight = np.zeros(len(shares)), 0.0
    for date in np.unique(dates):
        here = dates == date
        hits = outcome[here].sum()
        if hits:
            order = np.argsort(-score[here], kind="stable")
            ordered, found = score[here][order], np.cumsum(outcome[here][order])
            ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
            x, y = np.r_[0, ends + 1] / here.sum(), np.r_[0, found[ends]]
            called = np.where(shares == limit, min(k / here.sum(), 1.0), shares)
            total, weight = total + np.interp(called, x, y), weight + hits
    return total / weight if weight else np.full(len(shares), np.nan)


def fairness_table(
    judged: Judged | None, model: str, features: pd.DataFrame, *, k: int
) -> pd.DataFrame:
    """Compare how well the first ``k`` of each date serve regions and sizes of accounts.

    Parameters
    ----------
    judged : Judged
        Rows to look at.
    model : str
        Whose ranking.
    features : DataFrame
        For ``region`` and ``employees`` at each date.
    k : int
        Accounts named at each date; ties in the order of the rows.

    Returns
    -------
    DataFrame
        ``grouping, group, n, n_churned, capture`` (share of the churned that were named) with
        ``capture_low, capture_high``, ``false_alarm`` (share of the others that were named)
        with ``false_alarm_low, false_alarm_high`` (95 %, Wilson; one account counts at each of
        its dates, so the truth is a little less sure).
    """
    if judged is None or judged.rows.empty:
        return pd.DataFrame(columns=list(FAIRNESS_COLUMNS))
    keys = ["account_id", "as_of"]
    wanted = [name for name in ("region", "employees") if name in features.columns]
    rows = judged.rows.merge(features[[*keys, *wanted]], on=keys, how="left")
    rows["named"] = _named(judged, judged.scores[model], k)
    groupings = {"everybody": pd.Series("everybody", index=rows.index)}
    if "region" in wanted:
        groupings["region"] = rows["region"].astype("object").fillna("not known")
    if "employees" in wanted:
        groupings["size"] = _sizes(rows["employees"])
    tables = [
        _by_group(rows, values.astype(str), grouping) for grouping, values in groupings.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _named(judged: Judged, score: NDArray[np.float64], k: int) -> NDArray[np.bool_]:
    ranks = pd.Series(-score).groupby(judged.rows["as_of"].to_numpy()).rank(method="first")
    return (ranks <= k).to_numpy()


def _sizes(employees: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(employees, errors="coerce").astype("float64")
    cut = pd.cut(numbers, SIZE_EDGES, right=False, labels=list(SIZE_NAMES))
    return cut.astype("object").fillna("not known")


def _by_group(rows: pd.DataFrame, values: pd.Series, grouping: str) -> pd.DataFrame:
    churned, named = rows["outcome"] > 0, rows["named"]
    table = pd.DataFrame(
        {
            "n": 1,
            "n_churned": churned,
            "hits": churned & named,
            "alarms": ~churned & named,
        }
    )
    table = table.astype(int).groupby(values.to_numpy(), sort=True).sum()
    table = table.rename_axis("group").reset_index()
    stayed = table["n"] - table["n_churned"]
    for name, part, whole in (
        ("capture", table["hits"], table["n_churned"]),
        ("false_alarm", table["alarms"], stayed),
    ):
        table[name] = (part / whole.where(whole > 0)).astype("float64").round(6)
        low, high = wilson(part, whole)
        table[f"{name}_low"], table[f"{name}_high"] = np.round(low, 6), np.round(high, 6)
    table.insert(0, "grouping", grouping)
    return table.drop(columns=["hits", "alarms"])
