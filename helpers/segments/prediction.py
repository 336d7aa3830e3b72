"""Does the segment tell more about churn than plan, size or industry do?

Each grouping forecasts with the churn rate that its groups had on earlier dates, drawn towards
the overall rate where a group is small, and is judged on later dates. Clusters are fitted again
on an earlier date for this, so that no grouping has seen the dates it is judged on.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.cluster import assign, fit_clusters
from helpers.segments.lifecycle import engagement_level, lifecycle_stage
from helpers.segments.model import Segmentation, live_at
from helpers.segments.prepare import dimension_scores, fit_preparation
from helpers.segments.readings import reading
from helpers.stats import bootstrap

__all__ = ["compare_groupings", "log_loss"]

PRIOR_ACCOUNTS = 10
"""A group's rate counts as if it had so many further accounts with the overall rate."""
MIN_CHURNED = 5
SIZES = 4
COLUMNS = (
    "grouping",
    "n_groups",
    "n_train",
    "n_test",
    "n_churned",
    "log_loss",
    "gain",
    "low",
    "high",
    "reason",
)


def log_loss(churned: NDArray[np.float64], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithmic loss of each forecast, in nats; smaller is better."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(-(churned * np.log(p) + (1 - churned) * np.log(1 - p)))


def compare_groupings(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    segmentation: Segmentation,
    *,
    seed: int,
) -> pd.DataFrame:
    """Compare how well groupings forecast churn on later dates.

    Parameters
    ----------
    features, labels, dictionary : DataFrame
        Tables of 02.
    segmentation : Segmentation
        Gives the number of clusters; they are fitted again on the last training date.
    seed : int
        Of the fit and of the resampled intervals.

    Returns
    -------
    DataFrame, (n_groupings, 10)
        ``grouping`` (segment, lifecycle stage, engagement level, plan, size, industry),
        ``n_groups``, ``n_train``, ``n_test``, ``n_churned`` (account-dates),
        ``log_loss``, ``gain``: how much lower the loss is than with one rate for all, with
        its 95 % interval ``low`` to ``high`` (accounts resampled); ``reason`` where nothing
        could be computed. Best first.
    """
    rows = features.merge(
        labels[["account_id", "as_of", "horizon_days", "churned", "censored"]],
        on=["account_id", "as_of"],
    )
    rows = rows[~rows["censored"].astype(bool) & rows["churned"].notna()]
    rows = rows.sort_values(["as_of", "account_id"], ignore_index=True)
    train, test = _split(rows)
    reason = _too_little(rows, train, test)
    if reason:
        return pd.DataFrame([{"reason": reason}], columns=list(COLUMNS))
    newest = rows.loc[train, "as_of"].max()
    groupings: dict[str, Callable[[], pd.Series]] = {
        "segment": lambda: _refitted(rows, features, dictionary, segmentation, newest, seed),
        "lifecycle stage": lambda: lifecycle_stage(rows),
        "engagement level": lambda: engagement_level(rows),
        "plan": lambda: _text(rows, "plan"),
        "industry": lambda: _text(rows, "industry"),
        "size": lambda: _sizes(rows, train),
    }
    found = [
        {"grouping": name} | _judge(rows, make(), train, test, seed)
        for name, make in groupings.items()
    ]
    table = pd.DataFrame(found, columns=list(COLUMNS)).round(6)
    return table.sort_values(["gain", "grouping"], ascending=[False, True], ignore_index=True)


def _split(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Test on the newest labelled date, train where the outcome was known by then."""
    newest = rows["as_of"].max()
    known_on = rows["as_of"] + pd.to_timedelta(rows["horizon_days"], unit="D")
    return known_on <= newest, rows["as_of"] == newest


def _too_little(rows: pd.DataFrame, train: pd.Series, test: pd.Series) -> str:
    for part, name in ((train, "earlier dates"), (test, "the newest labelled date")):
        n_churned = int(rows.loc[part, "churned"].astype(float).sum())
        if n_churned < MIN_CHURNED:
            return f"needs at least {MIN_CHURNED} churned accounts on {name}, there are {n_churned}"
    return ""


def _judge(
    rows: pd.DataFrame, groups: pd.Series, train: pd.Series, test: pd.Series, seed: int
) -> dict[str, object]:
    if groups.nunique() < 2:
        return {"n_groups": groups.nunique(), "reason": "the column is empty or has one value"}
    churned = rows["churned"].astype(float)
    overall = churned[train].mean()
    seen = churned[train].groupby(groups[train]).agg(["sum", "count"])
    rates = (seen["sum"] + PRIOR_ACCOUNTS * overall) / (seen["count"] + PRIOR_ACCOUNTS)
    truth = np.asarray(churned[test], np.float64)
    forecast = np.asarray(groups[test].map(rates).fillna(overall), np.float64)
    loss = log_loss(truth, forecast)
    gained = log_loss(truth, np.full(len(truth), overall)) - loss
    low, high = bootstrap(
        lambda drawn: float(gained[drawn].mean()), rows.loc[test, "account_id"], seed=seed
    )
    return {
        "n_groups": len(seen),
        "n_train": int(train.sum()),
        "n_test": int(test.sum()),
        "n_churned": int(truth.sum()),
        "log_loss": float(loss.mean()),
        "gain": float(gained.mean()),
        "low": low,
        "high": high,
        "reason": "",
    }


def _refitted(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    segmentation: Segmentation,
    date: pd.Timestamp,
    seed: int,
) -> pd.Series:
    """Cluster of each row, with scale and centres learnt at ``date``; missing without any."""
    nothing = pd.Series(np.nan, index=rows.index)
    live, k = live_at(features, date), len(segmentation.centres)
    if not k or len(live) <= k:
        return nothing
    prepared = fit_preparation(live, dictionary)
    scores = dimension_scores(live, prepared)
    if len(scores.drop_duplicates()) <= k:
        return nothing
    centres = fit_clusters(scores, k, seed=seed).centres
    return assign(dimension_scores(rows, prepared), centres)["cluster"]


def _text(rows: pd.DataFrame, column: str) -> pd.Series:
    if column not in rows:
        return pd.Series(np.nan, index=rows.index)
    return rows[column].astype("object")


def _sizes(rows: pd.DataFrame, train: pd.Series) -> pd.Series:
    """Quarters of the training accounts by people employed, or by revenue."""
    employed = reading(rows, "employees")
    size = employed if employed.notna().any() else reading(rows, "mrr")
    cuts = size[train].quantile(np.arange(1, SIZES) / SIZES).to_numpy()
    bins = pd.Series(np.searchsorted(cuts, size.to_numpy()), index=rows.index, dtype=float)
    return bins.where(size.notna())
