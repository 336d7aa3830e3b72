"""How far back the data go, how fresh they are, and where a source was silent."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from helpers.audit.issues import issue
from helpers.audit.tables import Views
from helpers.config import CompanyConfig
from helpers.contract import TABLES
from helpers.sources.session import ident, literal

__all__ = ["coverage_by_week", "freshness", "outage_days", "time_issues"]

DAYS_PER_MONTH = 30.44
MIN_DAILY_EVENTS = 20


def freshness(views: Views, config: CompanyConfig) -> pd.DataFrame:
    """Say for each dated table from when to when it speaks.

    Parameters
    ----------
    views : Views
        The clean tables.
    config : CompanyConfig
        With ``as_of`` filled in.

    Returns
    -------
    DataFrame
        ``table``, ``n_rows``, ``first_on``, ``last_on``, ``days_old`` (days between the last
        row and the as-of date), ``months`` of history, ``stale``.
    """
    as_of = pd.Timestamp(config.as_of)
    rows = []
    for name in sorted(views.present):
        when = TABLES[name].when
        if when is None or not views.has(name, when):
            continue
        found = views.frame(
            "SELECT COUNT(*) AS n, CAST(MIN({w}) AS DATE) AS first_on,"
            " CAST(MAX({w}) AS DATE) AS last_on FROM {t}",
            w=ident(when),
            t=ident(name),
        ).iloc[0]
        first, last = pd.Timestamp(found["first_on"]), pd.Timestamp(found["last_on"])
        days_old = max((as_of - last).days - 1, 0)
        rows.append(
            {
                "table": name,
                "n_rows": int(found["n"]),
                "first_on": first,
                "last_on": last,
                "days_old": days_old,
                "months": round(((as_of - first).days) / DAYS_PER_MONTH, 1),
                "stale": days_old > config.stale_after(name),
            }
        )
    columns = ["table", "n_rows", "first_on", "last_on", "days_old", "months", "stale"]
    return pd.DataFrame(rows, columns=columns)


def coverage_by_week(views: Views, zone: str) -> pd.DataFrame:
    """Count events, and the accounts and users behind them, for each week.

    Parameters
    ----------
    views : Views
        The clean tables.
    zone : str
        Time zone that cuts days.

    Returns
    -------
    DataFrame
        ``week`` (its Monday), ``n_events``, ``n_accounts``, ``n_users``, ``n_days`` with any
        event (7 in a whole week).
    """
    return views.frame(
        "WITH daily AS (SELECT CAST(timezone({zone}, occurred_at) AS DATE) AS day, account_id,"
        " user_id, COUNT(*) AS n FROM events GROUP BY 1, 2, 3),"
        " weekly AS (SELECT DATE_TRUNC('week', day) AS week, account_id, user_id, SUM(n) AS n"
        " FROM daily GROUP BY 1, 2, 3),"
        " days AS (SELECT DATE_TRUNC('week', day) AS week, COUNT(DISTINCT day) AS n_days"
        " FROM daily GROUP BY 1)"
        " SELECT CAST(w.week AS TIMESTAMP) AS week, CAST(SUM(n) AS BIGINT) AS n_events,"
        " COUNT(DISTINCT account_id) AS n_accounts, COUNT(DISTINCT user_id) AS n_users,"
        " MAX(n_days) AS n_days FROM weekly w JOIN days d ON d.week = w.week"
        " GROUP BY w.week ORDER BY w.week",
        zone=literal(zone),
    )


def outage_days(views: Views, zone: str) -> pd.DataFrame:
    """List days without a single event of any account: the source was silent, not the users.

    A day counts only if the same weekday normally has at least ``MIN_DAILY_EVENTS`` events
    (median over the four such days before and after), so that a small company's quiet Sunday
    is no outage.

    Parameters
    ----------
    views : Views
        The clean tables.
    zone : str
        Time zone that cuts days.

    Returns
    -------
    DataFrame
        ``day``, ``usual_events``.
    """
    daily = views.frame(
        "SELECT CAST(CAST(timezone({zone}, occurred_at) AS DATE) AS TIMESTAMP) AS day,"
        " COUNT(*) AS n FROM events GROUP BY 1 ORDER BY 1",
        zone=literal(zone),
    )
    if daily.empty:
        return pd.DataFrame({"day": pd.Series(dtype="datetime64[us]"), "usual_events": []})
    calendar = pd.date_range(daily["day"].min(), daily["day"].max(), freq="D")
    counts = daily.set_index("day")["n"].reindex(calendar, fill_value=0)
    silent = counts[counts == 0].index
    usual = [_usual(counts, day) for day in silent]
    frame = pd.DataFrame({"day": silent.astype("datetime64[us]"), "usual_events": usual})
    return frame[frame["usual_events"] >= MIN_DAILY_EVENTS].reset_index(drop=True)


def _usual(counts: "pd.Series[int]", day: pd.Timestamp) -> float:
    around = [day + pd.Timedelta(weeks=weeks) for weeks in range(-4, 5) if weeks]
    near = counts.reindex(around).dropna()
    return float(near.median()) if len(near) else 0.0


def time_issues(
    fresh: pd.DataFrame, outages: pd.DataFrame, config: CompanyConfig
) -> list[dict[str, Any]]:
    """Turn staleness, a short history and outages into issues.

    Of the table that says how far the history goes, and of those for which the configuration
    says under ``freshness`` when they are stale.
    """
    clock = "events" if "events" in set(fresh["table"]) else "measures"
    watched = fresh[fresh["table"].isin([clock, *config.freshness]) & fresh["stale"]]
    rows = [_stale(row) for row in watched.to_dict(orient="records")]
    rows += _short(fresh[fresh["table"] == clock], clock, config)
    if len(outages):
        rows.append(
            issue(
                "events",
                "occurred_at",
                "days without any event of any account: a source outage, not silence",
                n_rows=len(outages),
                share=0.0,
                severity="warning",
                example=f"{outages['day'].iloc[0]:%Y-%m-%d}",
                remedy="Load the missing days again, or name them in `calendar` if the company "
                "rested; until then they count as unknown.",
            )
        )
    return rows


def _stale(row: dict[Hashable, Any]) -> dict[str, Any]:
    return issue(
        row["table"],
        TABLES[row["table"]].when or "",
        f"nothing for {row['days_old']} days before the as-of date",
        n_rows=int(row["n_rows"]),
        share=1.0,
        severity="warning",
        example=f"last row {row['last_on']:%Y-%m-%d}",
        remedy="Refresh the extract, or choose an earlier as-of date.",
    )


def _short(clock: pd.DataFrame, table: str, config: CompanyConfig) -> list[dict[str, Any]]:
    needed = config.thresholds.min_history_months
    if clock.empty or clock["months"].iloc[0] >= needed:
        return []
    return [
        issue(
            table,
            TABLES[table].when or "",
            f"a history of {clock['months'].iloc[0]:.1f} months; {needed} or more are wanted",
            n_rows=int(clock["n_rows"].iloc[0]),
            share=1.0,
            severity="warning",
            remedy="Trends, seasonality and models need more history: extract further back.",
        )
    ]
