"""Who left, and on which day of the company's own calendar."""

import pandas as pd

__all__ = ["departures"]


def departures(
    outcomes: pd.DataFrame | None,
    labels: pd.DataFrame,
    *,
    time_zone: str,
    accounts: pd.Series | None = None,
) -> pd.DataFrame:
    """Return ``account_id, churned_at`` (day) of every time an account left.

    Parameters
    ----------
    outcomes : DataFrame or None
        The company's outcomes. Without that table the labels' own ``churned_on`` counts.
    labels : DataFrame
        Of 02.
    time_zone : str
        Cuts the days.
    accounts : Series, optional
        Ids that may be looked at; by default those of the labels, which leave out who opted out
        and who left before the first as-of date.
    """
    if outcomes is None:
        left = labels.loc[labels["churned_on"].notna(), ["account_id", "churned_on"]]
        days = pd.to_datetime(left["churned_on"])
    else:
        known = outcomes["account_id"].isin(labels["account_id"] if accounts is None else accounts)
        churned = outcomes["outcome"] == "churned"
        left = outcomes.loc[known & churned, ["account_id", "occurred_at"]]
        days = left["occurred_at"].dt.tz_convert(time_zone).dt.tz_localize(None).dt.normalize()
    table = pd.DataFrame({"account_id": left["account_id"], "churned_at": days})
    return table.drop_duplicates().sort_values(["churned_at", "account_id"], ignore_index=True)
