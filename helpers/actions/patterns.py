"""What happened before to accounts like this one: the historical pattern behind an action."""

from collections.abc import Mapping

import pandas as pd

from helpers.stats import wilson

__all__ = [
    "ALL",
    "Patterns",
    "alert_rates",
    "historical_patterns",
    "opportunity_group",
    "rate_text",
]

Patterns = Mapping[tuple[str, str], str]
"""Pattern key and group to a sentence, e.g. ("churn_band", "high")."""
ALL = "everybody"
SEVERITIES = ("critical", "high", "medium", "low")
STEP_DAYS = 30
MIN_ROWS = 10
OPPORTUNITY_EDGES = (0.0, 40.0, 60.0, 100.1)
OPPORTUNITY_GROUPS = ("below 40", "40 to 60", "above 60")


def rate_text(what: str, hits: int, n: int, outcome: str, days: int) -> str:
    """Say a rate with its interval: "of 84 ..., 26 % churned within 90 days (18 % to 37 %)"."""
    low, high = wilson([hits], [n])
    return (
        f"of {n:,} {what}, {hits / n:.0%} {outcome} within {days} days "
        f"({float(low[0]):.0%} to {float(high[0]):.0%})"
    )


def historical_patterns(
    history: pd.DataFrame,
    health: pd.DataFrame,
    expansion: pd.DataFrame,
    labels: pd.DataFrame,
    weekly_flags: pd.DataFrame | None,
    *,
    step_days: int = STEP_DAYS,
) -> dict[tuple[str, str], str]:
    """Measure what followed each band, opportunity and alert on the dates whose outcome is known.

    Parameters
    ----------
    history : DataFrame
        ``account_id, as_of, churn_band`` of earlier dates, scored as on the day; may be empty.
    health, expansion : DataFrame
        Scores of all dates.
    labels : DataFrame
        Of 02.
    weekly_flags : DataFrame or None
        Of 05: ``account_id, week_end, severity``.
    step_days : int
        An alert counts for a date if its week ended so many days before at most.

    Returns
    -------
    dict of (str, str) to str
        Groups of fewer than ten account-dates are left out.
    """
    keys = ["account_id", "as_of"]
    known = labels[labels["churned"].notna()]
    days = int(labels["horizon_days"].max()) if len(labels) else 0
    found: dict[tuple[str, str], str] = {}
    for outcome in ("churned", "upgraded"):
        told = known[outcome].dropna()
        if len(told) >= MIN_ROWS:
            text = rate_text(
                "account-dates of live accounts", int(told.sum()), len(told), outcome, days
            )
            found[(ALL, outcome)] = text
    sources = {
        "churn_band": (history, "churn_band", "churned", "with a {} churn score"),
        "health_band": (health, "health_band", "churned", "with {} health"),
        "opportunity": (_grouped(expansion), "group", "upgraded", "with an opportunity {}"),
        "alert": (
            _flagged(known[keys], weekly_flags, step_days),
            "group",
            "churned",
            f"with a {{}} alert in the {step_days} days before",
        ),
    }
    for name, (table, column, outcome, phrase) in sources.items():
        if column not in table.columns or table.empty:
            continue
        rows = table[[*keys, column]].merge(known[[*keys, outcome]], on=keys)
        rows = rows[rows[outcome].notna() & rows[column].notna()]
        counts = rows.groupby(column, sort=True)[outcome].agg(["size", "sum"])
        for group, (n, hits) in counts.astype(int).iterrows():
            if n >= MIN_ROWS:
                what = "account-dates " + phrase.format(group)
                found[(name, str(group))] = rate_text(what, int(hits), int(n), outcome, days)
    return found


def opportunity_group(score: pd.Series) -> pd.Series:
    """Return the group of an opportunity score, as used in the patterns."""
    numbers = pd.to_numeric(score, errors="coerce").astype("float64")
    cut = pd.cut(numbers, OPPORTUNITY_EDGES, right=False, labels=list(OPPORTUNITY_GROUPS))
    return cut.astype("object")


def _grouped(expansion: pd.DataFrame) -> pd.DataFrame:
    return expansion.assign(group=opportunity_group(expansion["opportunity_score"]))


def alert_rates(
    labels: pd.DataFrame, weekly_flags: pd.DataFrame | None, *, step_days: int = STEP_DAYS
) -> dict[str, float]:
    """Return the share of account-dates that churned after warnings of each severity.

    A date counts for the worst warning of the ``step_days`` before it; severities with fewer
    than ten account-dates are left out.
    """
    known = labels[labels["churned"].notna()]
    keys = ["account_id", "as_of"]
    marked = _flagged(known[keys], weekly_flags, step_days).merge(
        known[[*keys, "churned"]], on=keys
    )
    counts = marked.groupby("group")["churned"].agg(["size", "sum"]).astype(float)
    return {
        str(group): round(float(row["sum"] / row["size"]), 6)
        for group, row in counts.iterrows()
        if row["size"] >= MIN_ROWS
    }


def _flagged(
    dates: pd.DataFrame, weekly_flags: pd.DataFrame | None, step_days: int
) -> pd.DataFrame:
    """Mark account-dates with the worst warning of the days before."""
    columns = ["account_id", "as_of", "group"]
    if weekly_flags is None or weekly_flags.empty or dates.empty:
        return dates.iloc[:0].assign(group="")[columns]
    flags = weekly_flags[weekly_flags["severity"].isin(SEVERITIES)]
    if "direction" in flags.columns:
        flags = flags[flags["direction"] != "expansion"]
    pairs = dates.merge(flags[["account_id", "week_end", "severity"]], on="account_id")
    ago = (pairs["as_of"] - pd.to_datetime(pairs["week_end"])).dt.days
    pairs = pairs[(ago >= 0) & (ago < step_days)]
    worst = pairs["severity"].map(SEVERITIES.index).groupby([pairs["account_id"], pairs["as_of"]])
    marked = worst.min().rename("group").reset_index()
    return marked.assign(group=[SEVERITIES[int(level)] for level in marked["group"]])[columns]
