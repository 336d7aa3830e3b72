"""How long before an account left did the model, the alerts and the health score see it coming?

All three are given the same number of accounts to name at each date: as many as the health score
puts below 40, but at least what the team can call in a week if that is nobody, and at most what it
can call until the next date. A warning counts from
``window_days`` before the account left; an older one was about something else. All flags are as
they would have been raised on the day: the model knows only outcomes that had shown by then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.features.departures import departures
from helpers.scores.scale import HEALTH_LOW
from helpers.scores.study import Study
from helpers.stats import bootstrap, wilson

__all__ = [
    "METHODS",
    "LeadTimes",
    "flags_at_equal_volume",
    "lead_summary",
    "lead_time",
    "measure_lead_time",
]

METHODS = ("model", "anomaly", "health")
Statistic = Callable[[NDArray[np.float64]], Any]


@dataclass(frozen=True, kw_only=True)
class LeadTimes:
    """Who was named when, for each departure, and the comparison of the methods."""

    flags: pd.DataFrame
    departures: pd.DataFrame
    summary: pd.DataFrame


def measure_lead_time(
    study: Study,
    health: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
    outcomes: pd.DataFrame | None,
    labels: pd.DataFrame,
    *,
    time_zone: str,
    n_draws: int = 500,
    seed: int = 0,
) -> LeadTimes:
    """Measure how early model, alerts and health score named the accounts that left.

    Parameters
    ----------
    study : Study
        Of churn; without signal the model names nobody.
    health : DataFrame
        From :func:`helpers.scores.health_scores`.
    weekly_flags : DataFrame or None
        Of 05; None if there is none: then no alert names anybody.
    outcomes : DataFrame or None
        Of 01; None if the company records none.
    labels : DataFrame
        Of 02.
    time_zone : str
        Of the company.
    n_draws, seed : int
        Of the intervals.
    """
    rows = study.panel.rows[["account_id", "as_of"]].assign(probability=np.nan)
    if study.tested is not None and study.signal.passed:
        rows["probability"] = study.tested.rows["probability"]
    dates = study.panel.as_ofs
    step = int(min((np.diff(np.array(dates, "datetime64[D]"))).astype(int), default=30))
    flags = flags_at_equal_volume(rows, health, weekly_flags, step_days=step, capacity=study.k)
    left = lead_time(
        flags,
        departures(outcomes, labels, time_zone=time_zone),
        window_days=study.panel.horizon_days,
        newest=dates[-1] if dates else pd.Timestamp.min,
    )
    summary = lead_summary(left, flags, n_draws=n_draws, seed=seed)
    return LeadTimes(flags=flags, departures=left, summary=summary)


def flags_at_equal_volume(
    scores: pd.DataFrame,
    health: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
    *,
    step_days: int,
    capacity: int,
) -> pd.DataFrame:
    """Name the same number of accounts at each date by each method.

    Parameters
    ----------
    scores : DataFrame
        ``account_id, as_of, probability`` of live accounts, as scored on the day.
    health : DataFrame
        ``account_id, as_of, health_score`` of the same dates.
    weekly_flags : DataFrame or None
        ``account_id, week_end, p_value, direction`` of 05: weeks that ended by a date and
        within ``step_days`` before it count for it; the smallest p-values first.
    step_days : int
        Days between two dates.
    capacity : int
        Accounts the team can call a week.

    Returns
    -------
    DataFrame
        ``account_id, as_of, method, rank``: the accounts named. Dates that the model could not
        score are left out for every method, unless it could score none.
    """
    named = []
    weekly = _weekly(weekly_flags)
    scored = scores.groupby("as_of")["probability"].transform("count") > 0
    used = scores[scored] if scored.any() else scores
    for as_of, there in used.groupby("as_of", sort=True):
        today = pd.Timestamp(str(as_of))
        well = health[(health["as_of"] == today) & health["account_id"].isin(there["account_id"])]
        below = int((well["health_score"] < HEALTH_LOW).sum())
        n = min(below or capacity, max(capacity * step_days // 7, capacity))
        recent = weekly[
            (weekly["week_end"] <= today)
            & (weekly["week_end"] > today - pd.Timedelta(days=step_days))
            & weekly["account_id"].isin(there["account_id"])
        ]
        smallest = recent.groupby("account_id")[["p_value"]].min().reset_index()
        ranked = {
            "model": _first(there, "probability", n, ascending=False),
            "anomaly": _first(smallest, "p_value", n, ascending=True),
            "health": _first(well, "health_score", n, ascending=True),
        }
        for method, accounts in ranked.items():
            table = pd.DataFrame({"account_id": accounts, "as_of": today, "method": method})
            named.append(table.assign(rank=np.arange(1, len(accounts) + 1)))
    if not named:
        empty = pd.DataFrame(columns=["account_id", "as_of", "method", "rank"])
        return empty.astype({"as_of": "datetime64[us]", "rank": "int64"})
    return pd.concat(named, ignore_index=True)


def _weekly(flags: pd.DataFrame | None) -> pd.DataFrame:
    """Keep warnings (nothing that speaks for growth); a fact without p-value counts as certain."""
    columns = ["account_id", "week_end", "p_value"]
    if flags is None or flags.empty:
        empty = pd.DataFrame(columns=columns)
        return empty.astype({"week_end": "datetime64[us]", "p_value": "float64"})
    if "direction" in flags.columns:
        flags = flags[flags["direction"] != "expansion"]
    table = flags[columns].copy()
    table["week_end"] = pd.to_datetime(table["week_end"])
    return table.fillna({"p_value": 0.0})


def _first(table: pd.DataFrame, by: str, n: int, *, ascending: bool) -> list[str]:
    known = table.dropna(subset=[by])
    ordered = known.sort_values([by, "account_id"], ascending=[ascending, True], kind="stable")
    return ordered["account_id"].head(n).tolist()


def lead_time(
    flags: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    window_days: int,
    newest: pd.Timestamp,
) -> pd.DataFrame:
    """Return for each account that left when each method first named it.

    Parameters
    ----------
    flags : DataFrame
        From :func:`flags_at_equal_volume`.
    outcomes : DataFrame
        ``account_id, churned_at`` (date); one row each time an account left.
    window_days : int
        A flag counts from so many days before.
    newest : Timestamp
        Accounts that left on it or later are not looked at.

    Returns
    -------
    DataFrame
        ``account_id, churned_at, first_flag_model, first_flag_anomaly, first_flag_health`` and
        ``weeks_<method>`` from that flag to the day the account left (missing: never named).
        Only accounts that were there on a flagged date within the window.
    """
    columns = ["account_id", "churned_at", *(f"first_flag_{m}" for m in METHODS)]
    if flags.empty:  # of no type, and so not to be merged
        flags = flags.astype({"account_id": "string", "as_of": "datetime64[us]"})
    dates = np.sort(flags["as_of"].unique()) if len(flags) else np.empty(0, "datetime64[us]")
    left = outcomes[outcomes["churned_at"] < newest].drop_duplicates(["account_id", "churned_at"])
    left = left.sort_values(["churned_at", "account_id"], ignore_index=True)
    when = left["churned_at"].to_numpy()
    window = np.timedelta64(window_days, "D")
    seen = [bool(((dates <= day) & (dates >= day - window)).any()) for day in when]
    table = left[np.array(seen, dtype=bool)].reset_index(drop=True)
    for method in METHODS:
        mine = flags.loc[flags["method"] == method, ["account_id", "as_of"]]
        pairs = table[["account_id", "churned_at"]].merge(mine, on="account_id")
        before = (pairs["churned_at"] - pairs["as_of"]).dt.days
        pairs = pairs[(before >= 0) & (before <= window_days)]
        first = pairs.groupby(["account_id", "churned_at"])[["as_of"]].min().reset_index()
        first = first.rename(columns={"as_of": f"first_flag_{method}"})
        table = table.merge(first, on=["account_id", "churned_at"], how="left")
        days = (table["churned_at"] - pd.to_datetime(table[f"first_flag_{method}"])).dt.days
        table[f"weeks_{method}"] = (days / 7).round(2)
    return table[[*columns, *(f"weeks_{method}" for method in METHODS)]]


def lead_summary(
    lead: pd.DataFrame, flags: pd.DataFrame, *, n_draws: int = 500, seed: int = 0
) -> pd.DataFrame:
    """Compare the methods over the accounts that left.

    Returns
    -------
    DataFrame
        ``method, n_churned, n_flagged, share_flagged`` with ``share_low, share_high`` (Wilson);
        ``median_weeks`` of warning for those named, with ``median_low, median_high``;
        ``mean_weeks`` over all who left, 0 for one never named, with ``mean_low, mean_high``;
        ``gain_weeks`` over the health score on the same accounts, with ``gain_low, gain_high``
        (intervals by drawing accounts); ``n_flags, flags_per_date``.
    """
    n_dates = max(int(flags["as_of"].nunique()), 1)
    by_health = lead["weeks_health"].fillna(0.0)
    rows = []
    for method in METHODS:
        weeks = lead[f"weeks_{method}"]
        warned = lead["account_id"][weeks.notna()]
        n, hits = len(weeks), int(weeks.notna().sum())
        low, high = wilson([hits], [n])
        row = {"method": method, "n_churned": n, "n_flagged": hits}
        row |= {"share_flagged": hits / n if n else np.nan}
        row |= {"share_low": float(low[0]), "share_high": float(high[0])}
        told: dict[str, tuple[pd.Series, pd.Series, Statistic]] = {
            "median": (weeks.dropna(), warned, np.median),
            "mean": (weeks.fillna(0.0), lead["account_id"], np.mean),
            "gain": (weeks.fillna(0.0) - by_health, lead["account_id"], np.mean),
        }
        for name, (values, accounts, statistic) in told.items():
            numbers = values.to_numpy(float)
            row[f"{name}_weeks"] = float(statistic(numbers)) if len(numbers) else np.nan
            spread = _interval(numbers, accounts, statistic, n_draws, seed)
            row[f"{name}_low"], row[f"{name}_high"] = spread
        n_flags = int((flags["method"] == method).sum())
        rows.append(row | {"n_flags": n_flags, "flags_per_date": n_flags / n_dates})
    table = pd.DataFrame(rows)
    numbers_of = table.select_dtypes("float").columns
    table[numbers_of] = table[numbers_of].round(4)
    return table


def _interval(
    weeks: NDArray[np.float64],
    accounts: pd.Series,
    statistic: Statistic,
    n_draws: int,
    seed: int,
) -> tuple[float, float]:
    if not len(weeks):
        return float("nan"), float("nan")
    groups = pd.factorize(accounts)[0]
    return bootstrap(lambda at: float(statistic(weeks[at])), groups, n_draws=n_draws, seed=seed)
