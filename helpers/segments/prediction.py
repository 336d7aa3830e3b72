"""Does the segment tell more about churn and upgrades than plan, size or industry do?

Each grouping forecasts with the rate of the outcome that its groups had on earlier dates, drawn
towards the overall rate where a group is small. It is judged on every labelled date for which
earlier outcomes were known by then. Clusters are fitted again on the last of those earlier dates,
so that no grouping has seen the date it is judged on.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.segments.cluster import fit_clusters, one_thread
from helpers.segments.levels import yardstick_of
from helpers.segments.lifecycle import engagement_level, lifecycle_stage
from helpers.segments.model import place_accounts, rule_segments
from helpers.segments.prepare import dimension_scores, fit_preparation
from helpers.segments.readings import reading
from helpers.segments.rfm import rfm_scores, rfm_segment
from helpers.segments.segmentation import Segmentation, is_young, live_at
from helpers.stats import bootstrap

__all__ = ["compare_groupings", "log_loss"]

PRIOR_ACCOUNTS = 10
"""A group's rate counts as if it had so many further accounts with the overall rate."""
MIN_EVENTS = 5
SIZES = 4
OUTCOMES = ("churned", "upgraded")
COLUMNS = (
    "outcome",
    "grouping",
    "n_groups",
    "n_dates",
    "n_test",
    "n_churned",
    "n_events",
    "log_loss",
    "gain",
    "low",
    "high",
    "reason",
)


def log_loss(
    happened: NDArray[np.float64], probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithmic loss of each forecast, in nats; smaller is better."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(-(happened * np.log(p) + (1 - happened) * np.log(1 - p)))


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
        Gives the number of clusters; they are fitted again before each date that is judged.
    seed : int
        Of the fits and of the resampled intervals.

    Returns
    -------
    DataFrame, (2 x n_groupings, 12)
        ``outcome`` (churned, upgraded), ``grouping`` (segment, lifecycle stage, engagement
        level, RFM segment, plan, size, industry), ``n_groups``, ``n_dates`` judged, ``n_test``
        (account-dates) and ``n_events``: those with the outcome (``n_churned`` for churn),
        ``log_loss``, ``gain``: how much lower the loss is than with one rate for all, with its
        95 % interval ``low`` to ``high`` (accounts resampled, since dates overlap); ``reason``
        where nothing could be computed. Churn first, best first.
    """
    parts = [
        _compare(features, labels, dictionary, segmentation, outcome, seed) for outcome in OUTCOMES
    ]
    return pd.concat(parts, ignore_index=True)


def _compare(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    segmentation: Segmentation,
    outcome: str,
    seed: int,
) -> pd.DataFrame:
    rows = _labelled(features, labels, outcome)
    tests = [date for date in rows["as_of"].unique() if _enough(rows, date)]
    if not tests:
        reason = f"no date has {MIN_EVENTS} {outcome} accounts and as many on dates known by then"
        return pd.DataFrame([{"outcome": outcome, "reason": reason}], columns=list(COLUMNS))
    judged = pd.concat([_judge(rows, features, dictionary, segmentation, d, seed) for d in tests])
    found = [_summary(name, judged, len(tests), seed) for name in judged["grouping"].unique()]
    table = pd.DataFrame(found, columns=list(COLUMNS)).round(6).assign(outcome=outcome)
    table["n_churned"] = table["n_events"] if outcome == "churned" else np.nan
    return table.sort_values(["gain", "grouping"], ascending=[False, True], ignore_index=True)


def _labelled(features: pd.DataFrame, labels: pd.DataFrame, outcome: str) -> pd.DataFrame:
    columns = ["account_id", "as_of", "horizon_days", "censored"]
    known = labels[columns].assign(happened=labels.get(outcome))
    rows = features.merge(known, on=["account_id", "as_of"])
    rows = rows[~rows["censored"].astype(bool) & rows["happened"].notna()]
    rows = rows.assign(happened=rows["happened"].astype(float))
    return rows.sort_values(["as_of", "account_id"], ignore_index=True)


def _known_by(rows: pd.DataFrame, date: pd.Timestamp) -> pd.Series:
    """Tell which rows had a known outcome at a date."""
    return rows["as_of"] + pd.to_timedelta(rows["horizon_days"], unit="D") <= date


def _events(rows: pd.DataFrame) -> int:
    return int(rows["happened"].sum())


def _enough(rows: pd.DataFrame, date: pd.Timestamp) -> bool:
    parts = (rows[_known_by(rows, date)], rows[rows["as_of"] == date])
    return all(_events(part) >= MIN_EVENTS for part in parts)


def _judge(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    segmentation: Segmentation,
    date: pd.Timestamp,
    seed: int,
) -> pd.DataFrame:
    """Forecast one date with every grouping; one row a grouping and account."""
    train, test = _known_by(rows, date), rows["as_of"] == date
    overall = rows.loc[train, "happened"].mean()
    truth = np.asarray(rows.loc[test, "happened"], np.float64)
    base = log_loss(truth, np.full(len(truth), overall))
    parts = []
    newest = rows.loc[train, "as_of"].max()
    clusters = _refitted(rows, features, dictionary, segmentation, newest, seed)
    for name, groups in {"segment": clusters, **_groupings(rows, train)}.items():
        seen = rows.loc[train, "happened"].groupby(groups[train]).agg(["sum", "count"])
        rates = (seen["sum"] + PRIOR_ACCOUNTS * overall) / (seen["count"] + PRIOR_ACCOUNTS)
        forecast = np.asarray(groups[test].map(rates).astype(float).fillna(overall), np.float64)
        loss = log_loss(truth, forecast)
        part = {"grouping": name, "account_id": rows.loc[test, "account_id"], "happened": truth}
        parts.append(pd.DataFrame(part | {"loss": loss, "gain": base - loss, "n": len(seen)}))
    return pd.concat(parts)


def _summary(name: str, judged: pd.DataFrame, n_dates: int, seed: int) -> dict[str, object]:
    mine = judged[judged["grouping"] == name]
    if mine["n"].max() < 2:
        return {"grouping": name, "reason": "the column is empty or has one value"}
    gain = mine["gain"].to_numpy(float)
    low, high = bootstrap(lambda drawn: float(gain[drawn].mean()), mine["account_id"], seed=seed)
    return {
        "grouping": name,
        "n_groups": int(mine["n"].max()),
        "n_dates": n_dates,
        "n_test": len(mine),
        "n_events": _events(mine),
        "log_loss": float(mine["loss"].mean()),
        "gain": float(gain.mean()),
        "low": low,
        "high": high,
        "reason": "",
    }


def _groupings(rows: pd.DataFrame, train: pd.Series) -> dict[str, pd.Series]:
    return {
        "lifecycle stage": lifecycle_stage(rows),
        "engagement level": engagement_level(rows),
        "RFM segment": rfm_segment(rfm_scores(rows)),
        "plan": _text(rows, "plan"),
        "industry": _text(rows, "industry"),
        "size": _sizes(rows, train),
    }


def _refitted(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    dictionary: pd.DataFrame,
    segmentation: Segmentation,
    date: pd.Timestamp,
    seed: int,
) -> pd.Series:
    """Segment of each row, with scale and centres (or the yardstick) learnt at ``date``."""
    nothing = pd.Series(np.nan, index=rows.index)
    live, k = live_at(features, date), len(segmentation.centres)
    if not k and len(live):
        return rule_segments(rows, yardstick_of(live))
    young = segmentation.young_cluster
    settled = live if young is None else live[~is_young(live)]
    if not k or len(settled) <= k:
        return nothing
    prepared = fit_preparation(settled, dictionary)
    scores = dimension_scores(settled, prepared)
    if len(scores.drop_duplicates()) <= k:
        return nothing
    with one_thread():
        centres = fit_clusters(scores, k, seed=seed).centres
    return place_accounts(rows, prepared, centres, young)["cluster"]


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
