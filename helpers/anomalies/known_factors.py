"""Which alerts does the calendar explain: planned absences, holidays of a region."""

from typing import Any

import pandas as pd

__all__ = ["explain"]

COVERED = 0.5
"""Share of the strongest window's days that a known factor must cover."""
AFTER_DAYS = 7
"""A dip that goes on longer than that after the factor ended is not explained by it."""
EVERYONE_DAYS = 14
"""A factor for everyone explains no single account unless it is short: what everybody does is
already taken out of what is expected."""


def explain(
    windows: pd.DataFrame, calendar: pd.DataFrame | None, accounts: pd.DataFrame
) -> pd.DataFrame:
    """Find the known factor that covers each window.

    Parameters
    ----------
    windows : DataFrame
        ``account_id``, ``starts_on``, ``ends_on`` (first and last day of the strongest window)
        and ``last_seen_on`` (last flagged day).
    calendar : DataFrame or None
        The contract's table.
    accounts : DataFrame
        ``account_id``, ``region``.

    Returns
    -------
    DataFrame, indexed like ``windows``
        ``explained_by``: ``"planned migration (2026-06-12 to 2026-06-20)"``, or empty; a factor
        of the account comes before one of its region, and that before one for everyone.
        ``steps``: by how much severity is lowered, 2 for a factor of the very account, else 1.
    """
    explained = pd.DataFrame({"explained_by": "", "steps": 0}, index=windows.index)
    if calendar is None or calendar.empty or windows.empty:
        return explained
    regions = accounts.set_index("account_id")["region"]
    length = (calendar["ends_on"] - calendar["starts_on"]).dt.days + 1
    nobody = calendar["account_id"].isna()
    everyone = calendar[nobody & calendar["region"].isna() & (length <= EVERYONE_DAYS)]
    regional: dict[Any, pd.DataFrame] = dict(
        list(calendar[nobody & calendar["region"].notna()].groupby("region"))
    )
    own: dict[Any, pd.DataFrame] = dict(list(calendar[~nobody].groupby("account_id")))
    found = []
    window: Any
    for window in windows.itertuples():
        mine = [own.get(window.account_id), regional.get(regions.get(window.account_id)), everyone]
        found.append(_best([part for part in mine if part is not None], window))
    explained[["explained_by", "steps"]] = found
    return explained


def _best(parts: list[pd.DataFrame], window: Any) -> tuple[str, int]:
    """Name the nearest factor that covers the window; nearest: account, region, everyone."""
    found = []
    length = (window.ends_on - window.starts_on).days + 1
    row: Any
    for part in parts:
        for row in part.itertuples():
            first, last = max(row.starts_on, window.starts_on), min(row.ends_on, window.ends_on)
            covered = ((last - first).days + 1) / length
            goes_on = (window.last_seen_on - row.ends_on).days > AFTER_DAYS
            if covered >= COVERED and not goes_on:
                nearness = 0 if pd.notna(row.account_id) else 1 if pd.notna(row.region) else 2
                found.append((nearness, -covered, row.starts_on, str(row.reason), row.ends_on))
    if not found:
        return "", 0
    nearness, _, start, reason, end = min(found)
    return f"{reason} ({start.date()} to {end.date()})", 2 if nearness == 0 else 1
