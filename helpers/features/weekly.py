"""Activity week by week: what trends, pictures and the account brief are drawn from."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

import pandas as pd

from helpers.config import CompanyConfig
from helpers.engine import Engine, History, day_to_date
from helpers.features.population import open_context

__all__ = ["weekly_activity"]

_COLUMNS = {
    "n_events": "int64",
    "n_logins": "int64",
    "n_errors": "int64",
    "n_invites": "int64",
    "hours": "float64",
    "active_days": "int64",
    "active_users": "int64",
    "features_used": "int64",
}


def weekly_activity(
    engine: Engine, as_of: pd.Timestamp, *, config: CompanyConfig, history: History
) -> pd.DataFrame:
    """Count each account's activity in whole weeks counted back from a date.

    Parameters
    ----------
    engine, config, history
        As for :func:`helpers.features.build_features`.
    as_of : Timestamp
        The last week ends the day before.

    Returns
    -------
    DataFrame
        account_id, week_start, n_events, n_logins, n_errors, n_invites, hours, active_days,
        active_users, features_used; one row for every whole week since sign-up (or since the first
        event of all), silent weeks with zeros; sorted by account and week. Every week holds
        each weekday once.
    """
    context = open_context(engine, config, history, [as_of])
    frame = engine.frame(_query())
    frame["week_start"] = day_to_date(context.cutoffs[0] - 7 * (frame.pop("week") + 1)).to_numpy()
    ordered = frame[["account_id", "week_start", *_COLUMNS]]
    typed = ordered.astype({"account_id": "string", "week_start": "datetime64[us]", **_COLUMNS})
    return typed.sort_values(["account_id", "week_start"], ignore_index=True)


def _query() -> str:
    people = """
        SELECT account_no, week, COUNT(*) AS active_users FROM (
            SELECT DISTINCT d.account_no, c.week, d.user_no
            FROM account_user_day d JOIN as_of_day c ON c.day = d.day
        ) AS seen GROUP BY account_no, week
        """
    features = people.replace("active_users", "features_used").replace("user_no", "feature")
    features = features.replace("account_user_day", "account_feature_day")
    activity = """
        SELECT d.account_no, c.week, SUM(n_events) AS n_events, SUM(n_login) AS n_logins,
               SUM(n_error) AS n_errors, SUM(n_invite) AS n_invites,
               CAST(SUM(millis) AS DOUBLE) / 3600000 AS hours, COUNT(*) AS active_days
        FROM account_day d JOIN as_of_day c ON c.day = d.day GROUP BY d.account_no, c.week
        """
    counts = ", ".join(f"COALESCE({name}, 0) AS {name}" for name in _COLUMNS)
    return f"""
        SELECT p.account_id, w.week, {counts}
        FROM population p
        JOIN (SELECT DISTINCT week FROM as_of_day) AS w ON w.week < p.observed_weeks
        LEFT JOIN ({activity}) AS a ON a.account_no = p.account_no AND a.week = w.week
        LEFT JOIN ({people}) AS u ON u.account_no = p.account_no AND u.week = w.week
        LEFT JOIN ({features}) AS f ON f.account_no = p.account_no AND f.week = w.week
        """
